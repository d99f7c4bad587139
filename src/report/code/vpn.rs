//! Codes of the VPN: profiles, OpenVPN and the tunnel.

macro_rules! vpn_codes {
    ($next:ident $($rest:ident)*; $($rows:tt)*) => {
        $next! { $($rest)*; $($rows)*
            OpenvpnAddress = "openvpn.address", Refused;
            OpenvpnChallenge = "openvpn.challenge", Refused;
            OpenvpnCommand = "openvpn.command", Failed;
            OpenvpnEnrol = "openvpn.enrol", Refused;
            OpenvpnForeignHost = "openvpn.foreign-host", Refused;
            OpenvpnForeignPage = "openvpn.foreign-page", Refused;
            OpenvpnNetwork = "openvpn.network", Usage;
            OpenvpnNoDoor = "openvpn.no-door", Refused;
            OpenvpnNoPrivilege = "openvpn.no-privilege", Refused;
            OpenvpnNoProfile = "openvpn.no-profile", Refused;
            OpenvpnNotSignedIn = "openvpn.not-signed-in", Refused;
            OpenvpnProfileBlock = "openvpn.profile-block", Refused;
            OpenvpnProfileGeneric = "openvpn.profile-generic", Refused;
            OpenvpnProfileIncomplete = "openvpn.profile-incomplete", Refused;
            OpenvpnProfileKey = "openvpn.profile-key", Refused;
            OpenvpnProfileLine = "openvpn.profile-line", Refused;
            OpenvpnProfileQuoting = "openvpn.profile-quoting", Refused;
            OpenvpnProfileRefused = "openvpn.profile-refused", Refused;
            OpenvpnProfileSize = "openvpn.profile-size", Refused;
            OpenvpnProfileText = "openvpn.profile-text", Refused;
            OpenvpnRefused = "openvpn.refused", Refused;
            OpenvpnServerFault = "openvpn.server-fault", Refused;
            OpenvpnSessionExpired = "openvpn.session-expired", Refused;
            OpenvpnTokenSpent = "openvpn.token-spent", Refused;
            OpenvpnUnexpectedAnswer = "openvpn.unexpected-answer", Refused;
            OpenvpnWebAuthRequired = "openvpn.web-auth-required", Refused;
            VpnAlreadyUp = "vpn.already_up", Failed;
            VpnAuthRefused = "vpn.auth-refused", Refused;
            VpnCompression = "vpn.compression", Refused;
            VpnDevice = "vpn.device", Failed;
            VpnDoas = "vpn.doas", SignIn;
            VpnDown = "vpn.down", Failed;
            VpnEnded = "vpn.ended", Failed;
            VpnExecAsRoot = "vpn.exec_as_root", Failed;
            VpnFailed = "vpn.failed", Failed;
            VpnInside = "vpn.inside", Failed;
            VpnInsideDns = "vpn.inside_dns", Failed;
            VpnReaper = "vpn.keeper", Failed;
            VpnNoAnswer = "vpn.no-answer", Unreachable;
            VpnNotAnswered = "vpn.not-answered", SignIn;
            VpnNotStarted = "vpn.not_started", Failed;
            VpnOpenvpn = "vpn.openvpn", Failed;
            VpnOpenvpnSilent = "vpn.openvpn_silent", Failed;
            VpnOwnNetwork = "vpn.own-network", Refused;
            VpnPasta = "vpn.pasta", Failed;
            VpnPlace = "vpn.place", Failed;
            VpnServerCertificate = "vpn.server-certificate", Refused;
            VpnSignInNotFinished = "vpn.sign-in-not-finished", SignIn;
            VpnStopped = "vpn.stopped", Failed;
            VpnSudo = "vpn.sudo", SignIn;
            VpnSupervisor = "vpn.supervisor", Failed;
            VpnSupervisorGone = "vpn.supervisor-gone", Failed;
            VpnSupervisorLost = "vpn.supervisor_gone", Failed;
            VpnTooSlow = "vpn.too-slow", Unreachable;
            VpnTun = "vpn.tun", Failed;
            VpnUnexpectedPrompt = "vpn.unexpected-prompt", Refused;
            VpnUnreachable = "vpn.unreachable", Unreachable;
            VpnUnresolved = "vpn.unresolved", Unreachable;
            VpnVanished = "vpn.vanished", Failed;
        }
    };
}

//! Checks what `ob vpn up` and `ob vpn exec` need of this machine.

use super::finding::Finding;
use crate::client::Context;
use crate::commands::vpn::{TUN, tun_can_be_opened};
use crate::config::read_vpn_ca_bundle;
use crate::privileged::OpenVpn;
use crate::process::TrustedProgram;
use crate::report::Report;

/// Kernel settings that forbid user namespaces: file, forbidding value, and the command that
/// changes it.
const NAMESPACES: [(&str, &str, &str); 2] = [
    (
        "/proc/sys/user/max_user_namespaces",
        "0",
        "`sudo sysctl -w user.max_user_namespaces=15000`",
    ),
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "`sudo sysctl -w kernel.unprivileged_userns_clone=1`",
    ),
];

pub(super) fn look(context: &Context) -> Vec<Finding> {
    let wanted = context
        .settings()
        .is_ok_and(|settings| settings.vpn(&context.environment).is_ok());
    let mut found = vec![
        match OpenVpn::find() {
            Ok(OpenVpn { program, version }) => Finding::good(
                "openvpn",
                format!(
                    "openvpn {}.{} is {}",
                    version.0,
                    version.1,
                    program.path().display()
                ),
            ),
            Err(report) => Finding::needed("openvpn", wanted, &report),
        },
        rights(),
    ];
    found.extend(ca_bundle(context));
    if cfg!(target_os = "linux") {
        found.push(match tun_can_be_opened() {
            Ok(()) => Finding::good("tun", format!("{TUN} can be opened, as a tunnel must")),
            Err(report) => Finding::needed("tun", wanted, &report),
        });
        found.push(match TrustedProgram::find("pasta").map_err(Report::from) {
            Ok(pasta) => Finding::good("pasta", format!("pasta is {}", pasta.path().display())),
            Err(report) => Finding::note(
                "pasta",
                format!("`ob vpn exec` cannot be used: {}", report.causes.join(": ")),
                report.hints.join(", "),
            ),
        });
        found.push(namespaces());
    }
    found
}

/// Checks the file of `vpn.ca_bundle`, if one is set.
fn ca_bundle(context: &Context) -> Option<Finding> {
    let vpn = context.settings().ok()?.vpn(&context.environment).ok()?;
    let path = vpn.ca_bundle?;
    Some(match read_vpn_ca_bundle(&path, &context.environment) {
        Ok(_) => Finding::good("vpn.ca_bundle", format!("{} can be read", path.display())),
        Err(report) => Finding::of("vpn.ca_bundle", &report),
    })
}

fn rights() -> Finding {
    let programs = [TrustedProgram::find("sudo"), TrustedProgram::find("doas")];
    match programs.into_iter().find_map(Result::ok) {
        Some(program) => Finding::good(
            "sudo",
            format!(
                "{} opens the tunnel of `ob vpn up`",
                program.path().display()
            ),
        ),
        None => Finding::note(
            "sudo",
            "there is neither sudo nor doas: only root can open the tunnel of `ob vpn up`",
            "`apt install sudo`; `ob vpn exec -- CMD` does without",
        ),
    }
}

fn namespaces() -> Finding {
    let refuses = NAMESPACES.iter().find(|(file, no, _)| {
        let says = std::fs::read_to_string(file).unwrap_or_default();
        says.trim() == *no
    });
    match refuses {
        None => Finding::good(
            "user_namespaces",
            "users may create network namespaces, as `ob vpn exec` needs",
        ),
        Some((file, no, hint)) => Finding::note(
            "user_namespaces",
            format!(
                "`ob vpn exec` cannot be used: {file} is {no}, so only root can create network \
                 namespaces"
            ),
            *hint,
        ),
    }
}

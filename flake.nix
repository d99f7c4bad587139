# Builds ob with Nix: `nix build`, `nix run . -- status`, `nix profile install .`
#
# Evaluated with Nix 2.8, not built: nixpkgs could not be reached where this file was written. For the same reason
# there is no flake.lock. The first `nix build` writes it; commit it.
{
  description = "One Okta login for AWS credentials, the AWS console and the VPN";

  # It needs Rust 1.94.1 (Cargo.toml). Nixpkgs 26.05 is the last release with x86_64-darwin.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      forEachSystem = lib.genAttrs systems;
    in
    {
      packages = forEachSystem (
        system:
        let
          pkgs = nixpkgs.legacyPackages.${system};
        in
        {
          default = pkgs.rustPlatform.buildRustPackage {
            pname = "ob";
            inherit ((lib.importTOML ./Cargo.toml).package) version;
            src = self;
            cargoLock.lockFile = ./Cargo.lock;

            # Where ob looks for ob-agent (src/process/agent_program.rs).
            env.OB_LIBEXEC_DIR = "${placeholder "out"}/libexec/ob";

            # The tests start agents, servers, sudo, openvpn and network namespaces, and check owners of files and
            # directories. The build sandbox has neither these programs nor a root user. tests/run runs them.
            doCheck = false;

            nativeBuildInputs = [ pkgs.installShellFiles ];
            # ob-vpn-root refuses to run from the store, to which a group may write, and ob does not look there.
            postInstall = ''
              install -D -m 0755 -t $out/libexec/ob $out/bin/ob-agent
              rm $out/bin/ob-agent $out/bin/ob-vpn-root

              mkdir man
              $out/bin/ob man >man/ob.1
              while read -r verb; do
                $out/bin/ob man $verb >"man/ob-''${verb// /-}.1"
              done < <($out/bin/ob man --list)
              installManPage man/*.1
              installShellCompletion --cmd ob \
                --bash completions/ob.bash --zsh completions/_ob --fish completions/ob.fish
            '';

            doInstallCheck = true;
            installCheckPhase = ''
              runHook preInstallCheck
              [[ $($out/bin/ob --version) == "ob $version" ]]
              test -x $out/libexec/ob/ob-agent
              grep -qF "$out/libexec/ob" $out/bin/ob
              runHook postInstallCheck
            '';

            meta = {
              description = "One Okta login for AWS credentials, the AWS console and the VPN";
              license = with lib.licenses; [
                mit
                asl20
              ];
              mainProgram = "ob";
              platforms = systems;
            };
          };
        }
      );

      checks = forEachSystem (system: {
        inherit (self.packages.${system}) default;
      });
    };
}

# The Homebrew formula. A release fills in its version and checksums with packaging/formula.sh.
class ScwIam < Formula
  desc "Keeps the access of a Scaleway organization as YAML in git"
  homepage "https://github.com/scw-iam/scw-iam"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "https://github.com/scw-iam/scw-iam/releases/download/v@VERSION@/scw-iam-@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@SHA256 aarch64-apple-darwin@"
    end
    on_intel do
      url "https://github.com/scw-iam/scw-iam/releases/download/v@VERSION@/scw-iam-@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@SHA256 x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "https://github.com/scw-iam/scw-iam/releases/download/v@VERSION@/scw-iam-@VERSION@-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256 aarch64-unknown-linux-musl@"
    end
    on_intel do
      url "https://github.com/scw-iam/scw-iam/releases/download/v@VERSION@/scw-iam-@VERSION@-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256 x86_64-unknown-linux-musl@"
    end
  end

  def install
    bin.install "scw-iam"
    generate_completions_from_executable(bin/"scw-iam", "completions")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/scw-iam --version")
    system bin/"scw-iam", "demo"
  end
end

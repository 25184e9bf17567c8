# What CI runs.
check:
    bash .ci/run

# The main job on an embedded organization.
demo:
    cargo run --release -- demo

fmt:
    cargo fmt --all

# Licences, advisories and sources of the dependencies (needs cargo-deny).
deny:
    cargo deny check

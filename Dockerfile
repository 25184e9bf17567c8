# syntax=docker/dockerfile:1
# Two images of one static binary.
#   docker build -t scw-iam .               nothing but the binary: no shell, not root
#   docker build -t scw-iam:ci --target ci .   with a shell, curl and jq, for GitLab and others that run scripts inside the image

FROM rust:1.95-alpine3.22 AS build
# hadolint ignore=DL3018 # Alpine keeps only the newest build of a package, so that a pinned one is gone soon
RUN apk add --no-cache musl-dev
WORKDIR /src
# What `scw-iam --version` shows; a release passes it.
ARG COMMIT=""
ENV SCW_IAM_COMMIT=${COMMIT}
COPY Cargo.toml Cargo.lock build.rs ./
COPY benches benches
COPY src src
COPY schema schema
COPY docs docs
COPY examples examples
RUN cargo build --release --locked --bin scw-iam

FROM alpine:3.22 AS ci
# hadolint ignore=DL3018 # as above
RUN apk add --no-cache bash curl git jq
COPY --from=build /src/target/release/scw-iam /usr/local/bin/scw-iam
USER 65532:65532
ENV HOME=/tmp
CMD ["sh"]

FROM scratch
COPY --from=build /src/target/release/scw-iam /scw-iam
COPY LICENSE-APACHE LICENSE-MIT /
USER 65532:65532
# `apply` keeps its lock file below HOME.
ENV HOME=/tmp
WORKDIR /tmp
WORKDIR /files
ENTRYPOINT ["/scw-iam"]

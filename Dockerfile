# syntax=docker/dockerfile:1
# Two images of one static binary.
#   docker build -t scw-iam .               nothing but the binary: no shell, not root
#   docker build -t scw-iam:ci --target ci .   with a shell, curl and jq, for GitLab and others that run scripts inside the image

FROM rust:1.95-alpine3.22 AS build
RUN apk add --no-cache musl-dev
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY src src
COPY schema schema
COPY docs docs
COPY examples examples
RUN cargo build --release --locked --bin scw-iam

FROM alpine:3.22 AS ci
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

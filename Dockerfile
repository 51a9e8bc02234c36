# The command in an image without a shell, for a user without rights.
#
#   docker build --tag gong-crm .
#   docker run --rm --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#       --volume "$PWD/examples/acme:/crm:ro" gong-crm --sim push /crm
#
# examples/container/compose.yaml runs it as a service. The ledger is in /state: give it a volume, or the next container does not know what Gong has.
# With --read-only, /state and /tmp are the only places that can be written.
#
# Base images are pinned by the digest of their index (amd64 and arm64). Dependabot updates tag and
# digest together; by hand: `docker buildx imagetools inspect TAG`.
FROM rust:1.95-slim-bookworm@sha256:d7482085ff5b415f84dba5647ae71606650bdef00db7aeb69f4b3d170c3e4082 AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/source/target,sharing=locked \
    CARGO_PROFILE_DIST_STRIP=symbols cargo build --profile dist --locked --all-features -p gong-crm-cli \
    && install -D -m 0755 -t /image target/dist/gong-crm target/dist/target-gong-crm \
    && install -d -m 0700 /image/state

FROM gcr.io/distroless/cc-debian12:nonroot@sha256:9dac0a79194e45a7da0158a9c6da57b217585af0786db3845d1f0ec1a0dd182f
LABEL org.opencontainers.image.title="gong-crm" \
      org.opencontainers.image.description="Keeps Gong equal to any CRM" \
      org.opencontainers.image.source="https://github.com/gong-crm/gong-crm" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /image/gong-crm /image/target-gong-crm /usr/local/bin/
COPY LICENSE-APACHE LICENSE-MIT /usr/share/doc/gong-crm/
COPY --from=build --chown=65532:65532 --chmod=0700 /image/state /state
ENV XDG_STATE_HOME=/state
USER 65532:65532
VOLUME /state
WORKDIR /crm
# For a container that runs `sync --every`; the default start period leaves a one-off push alone.
HEALTHCHECK --interval=5m --timeout=30s --start-period=30m CMD ["gong-crm", "sync", "--health"]
ENTRYPOINT ["gong-crm"]

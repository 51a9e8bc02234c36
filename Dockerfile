# The command alone, as a user without rights: about 30 MB.
#
#   docker build --tag gong-crm .
#   docker run --rm --volume "$PWD/examples/acme:/crm:ro" gong-crm --sim push /crm
#
# What was sent is written down in /state: give it a volume, or the next container knows nothing.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --profile dist --locked -p gong-crm-cli \
    && strip target/dist/gong-crm \
    && mkdir /state

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /source/target/dist/gong-crm /usr/local/bin/gong-crm
COPY --from=build --chown=nonroot:nonroot /state /state
ENV XDG_STATE_HOME=/state
VOLUME /state
WORKDIR /crm
ENTRYPOINT ["gong-crm"]

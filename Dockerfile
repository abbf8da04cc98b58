# syntax=docker/dockerfile:1
# One image with all programs of EventHUB; compose.yaml says which one a container runs.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --profile dist --workspace --exclude xtask --bins \
    && install -D --target-directory=/out \
        target/dist/eventhub-router \
        target/dist/eventhub-user \
        target/dist/eventhub-event \
        target/dist/eventhub-ticket \
        target/dist/eventhub-booking \
        target/dist/eventhub-spacemaster

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin eventhub \
    && install --directory --owner=eventhub --group=eventhub --mode=0700 /data
COPY --from=build /out/ /usr/local/bin/
# Whom `https` URLs of peers are believed by.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY supergraph.graphql /etc/eventhub/supergraph.graphql
ENV EVENTHUB_LOG_FORMAT=json \
    EVENTHUB_SUPERGRAPH=/etc/eventhub/supergraph.graphql
USER eventhub
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
CMD ["eventhub-router", "serve"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=5 CMD ["eventhub-router", "health"]

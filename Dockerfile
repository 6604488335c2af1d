# One file, one target per binary: docker build --target operator|trainer|monitor|inference .
#
# BINARIES says where they come from: `compiled` (default) compiles here, for amd64 and arm64; `prebuilt` copies the
# static binaries that cargo has put into the build context (see `make images`). A builder skips the stage not used.
ARG BINARIES=compiled

FROM rust:1.95-bookworm AS compiled
WORKDIR /src
COPY . .
ENV RUSTFLAGS="-C target-feature=+crt-static"
# The explicit target keeps build scripts and macros out of the static flags.
RUN target="$(rustc -vV | sed -n 's/^host: //p')" \
 && cargo build --release --locked --target "$target" -p dropout-operator -p dropout-trainer -p dropout-monitor \
 && cargo build --profile serving --locked --target "$target" -p dropout-inference \
 && mkdir /out && cp target/"$target"/release/dropout-operator target/"$target"/release/dropout-trainer \
      target/"$target"/release/dropout-monitor target/"$target"/serving/dropout-inference /out/

FROM scratch AS prebuilt
COPY dropout-operator dropout-trainer dropout-monitor dropout-inference /out/

FROM ${BINARIES} AS binaries

FROM scratch AS operator
COPY --from=binaries /out/dropout-operator /dropout-operator
USER 65532:65532
ENTRYPOINT ["/dropout-operator"]

FROM scratch AS trainer
COPY --from=binaries /out/dropout-trainer /dropout-trainer
USER 65532:65532
ENTRYPOINT ["/dropout-trainer"]

FROM scratch AS monitor
COPY --from=binaries /out/dropout-monitor /dropout-monitor
USER 65532:65532
ENTRYPOINT ["/dropout-monitor"]

FROM scratch AS inference
COPY --from=binaries /out/dropout-inference /dropout-inference
USER 65532:65532
ENTRYPOINT ["/dropout-inference"]

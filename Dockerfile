# What builds, and what runs: each may be a mirror, or an image of your own with Node 24.6 or newer. BASE needs `node`
# on its PATH or in /nodejs/bin, and a C library; no shell.
ARG BUILD_BASE=node:24-bookworm-slim
ARG BASE=gcr.io/distroless/nodejs24-debian13:nonroot

FROM ${BUILD_BASE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN ["npm", "ci", "--no-audit", "--no-fund"]
COPY tsconfig.json esbuild.config.mjs ./
COPY src ./src
RUN ["npm", "run", "build"]

FROM ${BASE}
# Where distroless has it; others have it on the PATH already.
ENV PATH=/nodejs/bin:$PATH
ENV NODE_ENV=production
# An arena of malloc for each thread keeps what that thread has freed; there are two cores at most to contend for one.
ENV MALLOC_ARENA_MAX=1
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/dist/main.js ./dist/
# A number, so that runAsNonRoot can be verified.
USER 65532:65532
EXPOSE 8080
# A larger young generation is memory that buys nothing: measured, 8 MB cost no more CPU than 32 and the least memory.
# Node gives its heap half of the container's limit; what is beside the heap takes a quarter, and some is for the kernel.
ENTRYPOINT ["node", "--max-semi-space-size=8", "--max-old-space-size-percentage=65", "dist/main.js"]

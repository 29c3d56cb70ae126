import http2, { type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import net from 'node:net';
import { PooledKubeConfig } from '../config.ts';
import { selfSigned } from './self-signed.ts';

export type Handle = (request: Http2ServerRequest, response: Http2ServerResponse) => void | Promise<void>;

/** A TLS server on 127.0.0.1 that speaks HTTP/2 (as the API server does) or only HTTP/1.1, and counts its sockets. */
export class Loopback {
  readonly port: number;
  readonly cert: string;
  /** Connections accepted since the start. */
  connections = 0;
  /** Requests received since the start. */
  requests = 0;
  readonly sockets: Set<net.Socket>;
  readonly #server: http2.Http2SecureServer;

  private constructor(server: http2.Http2SecureServer, cert: string) {
    this.#server = server;
    this.cert = cert;
    const address = server.address();
    this.port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    this.sockets = new Set();
    server.on('secureConnection', () => this.connections++);
    server.on('request', () => this.requests++);
    server.on('connection', (socket: net.Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  static async start(handle: Handle, options: { http1?: boolean; port?: number } = {}): Promise<Loopback> {
    const { key, cert } = selfSigned();
    const protocols = options.http1 ? { ALPNProtocols: ['http/1.1'] } : {};
    // Node's own limit of 10 MB a session would refuse large answers, which the API server does not.
    const server = http2.createSecureServer({
      key,
      cert,
      allowHTTP1: true,
      maxSessionMemory: 1_000,
      ...protocols,
    });
    server.on('request', (request, response) => void handle(request, response));
    server.on('sessionError', () => {});
    await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return new Loopback(server, cert);
  }

  /** A configuration that trusts this server; `port` for going through a proxy in front of it. */
  config(port = this.port): PooledKubeConfig {
    const config = new PooledKubeConfig();
    config.loadFromClusterAndUser(
      {
        name: 'loopback',
        server: `https://127.0.0.1:${port}`,
        caData: Buffer.from(this.cert).toString('base64'),
        skipTLSVerify: false,
      },
      { name: 'tester', token: 'test-token' },
    );
    return config;
  }

  /** Cuts every connection, as a crash would. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** The body of a request, as bytes decoded from UTF-8. */
export async function bodyOf(request: Http2ServerRequest): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** A TCP proxy whose connections can be made to go silent without closing: a peer that vanished. */
export class Tunnel {
  readonly port: number;
  connections = 0;
  /** Chunks sent into the silence. */
  swallowed = 0;
  readonly #server: net.Server;
  readonly #pairs = new Set<[net.Socket, net.Socket]>();

  private constructor(server: net.Server, target: number) {
    this.#server = server;
    const address = server.address();
    this.port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    server.on('connection', (near) => {
      this.connections++;
      const far = net.connect(target, '127.0.0.1');
      // Small packets both ways: Nagle's algorithm would add 40 ms to each request.
      for (const end of [near, far]) end.setNoDelay();
      near.pipe(far).pipe(near);
      for (const end of [near, far]) end.on('error', () => {});
      this.#pairs.add([near, far]);
    });
  }

  static async start(target: number): Promise<Tunnel> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Tunnel(server, target);
  }

  /** From now on nothing passes on the connections that exist; new ones work. */
  freeze(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe();
      far.unpipe();
      near.on('data', () => this.swallowed++).resume();
      far.resume();
    }
  }

  /** Cuts the connections that exist; new ones work. */
  cut(): void {
    for (const pair of this.#pairs) for (const end of pair) end.destroy();
    this.#pairs.clear();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

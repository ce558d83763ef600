import { isIP } from 'node:net';
import type { Context } from 'hono';

/** More than that many proxies in a row are made up. */
const maxHops = 32;

/** What `hono` hands on of a process's socket, or of a Lambda's event. */
interface Origin {
  readonly incoming?: { readonly socket: { readonly remoteAddress?: string } };
  readonly requestContext?: {
    /** API Gateway of version 2, function URL. */
    readonly http?: { readonly sourceIp: string };
    /** API Gateway of version 1. */
    readonly identity?: { readonly sourceIp: string };
    /** A load balancer, which says who called in X-Forwarded-For alone. */
    readonly elb?: unknown;
  };
}

/**
 * Who called, as the name of a bucket: an IPv4 address, or the /64 network of an IPv6 address, which
 * is what one customer has. Only what `trustedProxies` proxies said in X-Forwarded-For is believed,
 * counted from the right; the rest of it is the caller's own invention. 0: the socket.
 */
export function createAddressOf({
  trustedProxies,
}: {
  readonly trustedProxies: number;
}): (c: Context) => string {
  return (c) => {
    const hops = hopsOf(c, trustedProxies);
    // Where a proxy wrote nonsense, the nearest one that did not is the caller.
    const believed = hops.slice(Math.max(0, hops.length - 1 - trustedProxies));
    return believed.map(toBucket).find((bucket) => bucket !== undefined) ?? 'unknown';
  };
}

/** Everybody on the way, the nearest last. */
function hopsOf(c: Context, trustedProxies: number): readonly string[] {
  const { incoming, requestContext }: Origin = c.env ?? {};
  const needsHeader = trustedProxies > 0 || requestContext?.elb !== undefined;
  const forwarded = needsHeader ? forwardedFor(c) : [];
  if (requestContext?.elb !== undefined) return forwarded;
  const source = requestContext?.http?.sourceIp ?? requestContext?.identity?.sourceIp;
  // A gateway has added its caller to the header before the event was made.
  if (source !== undefined && forwarded.at(-1) === source) return forwarded;
  const peer = source ?? incoming?.socket.remoteAddress;
  return peer === undefined ? forwarded : [...forwarded, peer];
}

function forwardedFor(c: Context): string[] {
  const header = c.req.header('x-forwarded-for') ?? '';
  return header === ''
    ? []
    : header
        .split(',')
        .slice(-maxHops)
        .map((entry) => entry.trim());
}

function toBucket(entry: string): string | undefined {
  const address = withoutPort(entry);
  if (isIP(address) === 4) return address;
  if (isIP(address) !== 6) return undefined;
  const groups = groupsOf(address);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return groups.slice(6).flatMap(bytesOf).join('.');
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/** Some proxies add the port: `192.0.2.1:443`, `[2001:db8::1]:443`. */
function withoutPort(entry: string): string {
  return (
    /^\[([^\]]*)\](?::\d+)?$/.exec(entry)?.[1] ??
    /^([\d.]+):\d+$/.exec(entry)?.[1] ??
    entry
  ).replace(/%.*$/, '');
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [before = [], after = []] = plain
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16))));
  const zeros = 8 - before.length - after.length;
  return [...before, ...Array.from({ length: zeros }, () => 0), ...after];
}

function bytesOf(group: number): [number, number] {
  return [group >> 8, group & 255];
}

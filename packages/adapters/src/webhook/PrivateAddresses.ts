import { BlockList, isIP } from "node:net"

/** What is not on the public internet: iana.org/assignments/iana-ipv4-special-registry, multicast included. */
const ipv4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3]
] as const

/**
 * All but 2000::/3, which is what is given out; and of that what carries IPv4 addresses inside, or is for documents
 * (iana-ipv6-special-registry).
 */
const ipv6 = [
  ["::", 3],
  ["4000::", 2],
  ["8000::", 1],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20]
] as const

// One of them for both would take every IPv4 address for one of ::/3, which has them inside.
const privateIpv4 = new BlockList()
for (const [net, prefix] of ipv4) privateIpv4.addSubnet(net, prefix, "ipv4")
const privateIpv6 = new BlockList()
for (const [net, prefix] of ipv6) privateIpv6.addSubnet(net, prefix, "ipv6")

/** The host of an address, IPv6 without its brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "")

/** Whether this is an IP address of this machine, of a private network or of nobody. */
export const isPrivateAddress = (host: string): boolean => {
  switch (isIP(host)) {
    case 4:
      return privateIpv4.check(host, "ipv4")
    case 6:
      return privateIpv6.check(host, "ipv6")
    default:
      return false
  }
}

/** Whether an address says by itself that it is private; most names have to be looked up. */
export const isPrivateUrl = (url: URL): boolean => {
  const host = hostOf(url)
  return isPrivateAddress(host) || /(?:^|\.)localhost\.?$/.test(host)
}

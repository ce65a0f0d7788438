package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrAddress says that requests are not sent to an address.
var ErrAddress = errors.New("webhook: not an address that requests are sent to")

// maxAddress is longer than any in use.
const maxAddress = 500

// Check says whether an address may be an endpoint: https on the usual ports, to a host that is not inside a network.
// The merchant's browser is not the one who sends the requests, so any other address would let them read what only our
// servers reach (SSRF). What a name stands for is checked when the connection is made. hosts (with their port) are
// those of a laptop, where http and loopback are fine.
func Check(address string, hosts []string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || len(address) > maxAddress || u.Host == "" || u.User != nil || u.Fragment != "":
		return fmt.Errorf("%w: %q is no address of a page", ErrAddress, address)
	case slices.Contains(hosts, u.Host) && (u.Scheme == "http" || u.Scheme == "https"):
		return nil
	case u.Scheme != "https":
		return fmt.Errorf("%w: not https", ErrAddress)
	case !slices.Contains([]string{"", "443", "8443"}, u.Port()):
		return fmt.Errorf("%w: port %s", ErrAddress, u.Port())
	}
	name := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip, err := netip.ParseAddr(name); err == nil {
		if !public(ip) {
			return fmt.Errorf("%w: %s is not a public address", ErrAddress, ip)
		}
		return nil
	}
	// A name without a dot, and these endings, exist inside a network only.
	for _, ending := range []string{".local", ".localhost", ".internal", ".arpa"} {
		if strings.HasSuffix(name, ending) {
			return fmt.Errorf("%w: %s is not a public name", ErrAddress, name)
		}
	}
	if !strings.Contains(name, ".") {
		return fmt.Errorf("%w: %s is not a public name", ErrAddress, name)
	}
	return nil
}

// reserved are networks that are not the public internet, besides those that netip knows (RFC 6890 and its registry).
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("::/96"),
}

// public reports whether an address is one of the public internet.
func public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	inside := ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified()
	return !inside && ip.IsGlobalUnicast() &&
		!slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(ip) })
}

const (
	dialTimeout    = 5 * time.Second
	requestTimeout = 15 * time.Second
)

// Client sends requests to public addresses only. The address is checked when the connection is made, after the name
// was looked up, so a name that changes in between leads nowhere. Redirects are not followed, and no proxy is asked: it
// would look the name up by itself.
func Client(hosts []string) *http.Client {
	guarded := net.Dialer{Timeout: dialTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !public(to.Addr()) {
			return fmt.Errorf("%w: %s", ErrAddress, address)
		}
		return nil
	}}
	open := net.Dialer{Timeout: dialTimeout}
	return &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if slices.Contains(hosts, address) {
					return open.DialContext(ctx, network, address)
				}
				return guarded.DialContext(ctx, network, address)
			},
			TLSHandshakeTimeout: dialTimeout, MaxResponseHeaderBytes: 16 << 10, IdleConnTimeout: time.Minute,
		},
	}
}

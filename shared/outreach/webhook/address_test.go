package webhook_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/outreach/webhook"
)

// inside are networks that only our servers reach.
var inside = []string{
	"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "0.0.0.0/8",
	"224.0.0.0/4", "240.0.0.0/4", "198.18.0.0/15",
}

// within draws an address of a network.
func within(t *rapid.T, network string) netip.Addr {
	prefix := netip.MustParsePrefix(network)
	bytes := prefix.Addr().As4()
	random := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")
	for i := range bytes {
		fixed := max(0, min(8, prefix.Bits()-8*i))
		mask := byte(0xff >> fixed)
		bytes[i] = bytes[i]&^mask | random[i]&mask
	}
	return netip.AddrFrom4(bytes)
}

// An address inside a network has many forms; none of them may be an endpoint.
func TestNoFormOfAnAddressInsideANetworkPasses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ip := within(t, rapid.SampledFrom(inside).Draw(t, "network"))
		b := ip.As4()
		for form, host := range map[string]string{
			"dotted":         ip.String(),
			"with a dot":     ip.String() + ".",
			"one number":     fmt.Sprint(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])),
			"hexadecimal":    fmt.Sprintf("0x%02x%02x%02x%02x", b[0], b[1], b[2], b[3]),
			"in IPv6":        "[::ffff:" + ip.String() + "]",
			"in hexadecimal": fmt.Sprintf("[::ffff:%02x%02x:%02x%02x]", b[0], b[1], b[2], b[3]),
			"by NAT64":       fmt.Sprintf("[64:ff9b::%02x%02x:%02x%02x]", b[0], b[1], b[2], b[3]),
			"by 6to4":        fmt.Sprintf("[2002:%02x%02x:%02x%02x::1]", b[0], b[1], b[2], b[3]),
			"compatible":     fmt.Sprintf("[::%02x%02x:%02x%02x]", b[0], b[1], b[2], b[3]),
		} {
			for _, port := range []string{"", ":443", ":8443"} {
				address := "https://" + host + port + "/hook"
				if err := webhook.Check(address, nil); !errors.Is(err, webhook.ErrAddress) {
					t.Fatalf("%s: %s passes: %v", form, address, err)
				}
			}
		}
	})
}

// Only what is configured for a laptop is let through, by its exact host and port.
func TestHostsOfALaptopAreExact(t *testing.T) {
	t.Parallel()
	hosts := []string{"127.0.0.1:9999"}
	for address, ok := range map[string]bool{
		"http://127.0.0.1:9999/": true, "https://127.0.0.1:9999/x": true,
		"http://127.0.0.1:9998/": false, "http://127.0.0.1/": false, "http://127.0.0.2:9999/": false,
		"ftp://127.0.0.1:9999/": false, "http://u:p@127.0.0.1:9999/": false, "http://127.0.0.1:9999.example.com/": false,
	} {
		if err := webhook.Check(address, hosts); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

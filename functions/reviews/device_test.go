package reviews

import "testing"

func TestOnlyAPublicNetworkAddressTellsDevicesApart(t *testing.T) {
	t.Parallel()
	for _, ip := range []string{"", "127.0.0.1", "::1", "10.1.2.3", "192.168.0.7", "172.16.9.9", "fe80::1", "fd00::1",
		"0.0.0.0", "not an address"} {
		if got := deviceAt(ip); got != "" {
			t.Errorf("%q tells a device: %s", ip, got)
		}
	}
	if a, b := deviceAt("203.0.113.7"), deviceAt("203.0.113.8"); a == "" || a == b {
		t.Errorf("two public addresses: %q, %q", a, b)
	}
	if deviceAt("203.0.113.7") != deviceAt("::ffff:203.0.113.7") {
		t.Error("an address written as IPv6 is another device")
	}
}

package address_test

import (
	"testing"

	"dangol/shared/mail/address"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ann@example.com": "ann@example.com", " Ann <ann@example.com> ": "ann@example.com",
		"a+b@xn--9n2bp8q.kr": "a+b@xn--9n2bp8q.kr",
		"하늘@example.com":     "", "a@하늘.kr": "", "ann": "", "a@example.com, b@example.com": "",
		"a@example.com\r\nBcc: b@example.com": "", "": "",
		"ann@example.com\x00": "",
	} {
		got, err := address.Parse(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

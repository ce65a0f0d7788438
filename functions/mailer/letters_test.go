package mailer_test

import (
	"strings"
	"testing"
)

// TestAnOrderConfirmationLeadsNowhereButToTheShop puts addresses of the web into everything that a shopper writes on an
// order and the confirmation shows. The shopper may have named a stranger's mail address.
func TestAnOrderConfirmationLeadsNowhereButToTheShop(t *testing.T) {
	t.Parallel()
	ses := &fakeSES{}
	b := newBench(t, ses)
	o := placed()
	o.ShipTo = "김하늘, win at evil.example.com"
	o.Lines[0].Properties = map[string]string{
		"각인": "하늘", "gift note": "win at ｅｖｉｌ．example．com", "evil.example.com": "1", "card": "evil (dot)com",
	}
	if err := b.deliver(eventMessage(t, "evt_1", o)); err != nil {
		t.Fatal(err)
	}
	m := ses.accepted[0]
	for _, text := range []string{m.Text, m.HTML} {
		if !strings.Contains(text, "하늘") {
			t.Errorf("an engraving is not in\n%s", text)
		}
		for _, no := range []string{"evil", "ｅｖｉｌ"} {
			if strings.Contains(text, no) {
				t.Errorf("%q is in\n%s", no, text)
			}
		}
	}
}

package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"dangol/shared/payment/sandbox/server"
)

func TestChallengePage(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := b.pay(t, "k", "pm_card_threeDSecure2Required")
	page := read(t, http.MethodGet, p.NextActionURL, "")
	for _, part := range []string{"Soap &#34;A&#34; &lt;script&gt;", "₩12,000", `value="approve"`, `value="decline"`,
		"3220"} {
		if !strings.Contains(page.body, part) {
			t.Errorf("no %s in %s", part, page.body)
		}
	}
	if got := read(t, http.MethodPost, p.NextActionURL, "decision=maybe"); got.status != http.StatusBadRequest {
		t.Errorf("an undecided answer: %d", got.status)
	}
	got := read(t, http.MethodPost, p.NextActionURL, "decision=approve")
	want := "https://shop.example/back?cart=1&payment=" + p.ID + "&state=authorized"
	if got.status != http.StatusSeeOther || got.location != want {
		t.Errorf("sent to %d %s, want %s", got.status, got.location, want)
	}
	if page := read(t, http.MethodGet, p.NextActionURL, ""); strings.Contains(page.body, "<form") {
		t.Errorf("can be answered again: %s", page.body)
	}
	if got := read(t, http.MethodPost, p.NextActionURL, "decision=decline"); !strings.HasSuffix(got.location,
		"state=authorized") {
		t.Errorf("a second answer changed it: %s", got.location)
	}
	if got := read(t, http.MethodGet, b.front.URL+"/pay/pay_nobody", ""); got.status != http.StatusNotFound {
		t.Errorf("a page for nothing: %d", got.status)
	}
}

func TestChallengeWithoutAReturnAddressStaysOnThePage(t *testing.T) {
	t.Parallel()
	b := open(t, func(c *server.Config) { c.BaseURL = "https://bank.example/sandbox" })
	req := order("k", "pm_card_threeDSecure2Required")
	req.ReturnURL = ""
	p, err := b.Authorize(t.Context(), req)
	if err != nil || p.NextActionURL != "https://bank.example/sandbox/pay/"+p.ID {
		t.Fatalf("got %+v, %v", p, err)
	}
	if got := read(t, http.MethodPost, b.front.URL+"/pay/"+p.ID, "decision=approve"); got.location != p.NextActionURL {
		t.Errorf("sent to %s", got.location)
	}
}

type answer struct {
	status         int
	location, body string
}

func read(t *testing.T, method, address, form string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header.Get("Location"), string(body)}
}

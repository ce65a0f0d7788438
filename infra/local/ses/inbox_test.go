package ses_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"dangol/infra/local/ses"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
)

func (b *bench) get(path string) (status int, body string, header http.Header) {
	b.t.Helper()
	res, err := http.Get(b.url + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, string(raw), res.Header
}

func TestInboxListsNewestFirstAndByRecipient(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	for _, to := range []string{"kim@example.com", "lee@example.com", "bounce@simulator.amazonses.com"} {
		in := letter(to)
		in.Content.Simple.Subject.Data = aws.String("for " + to)
		b.send(in)
	}
	_, all, _ := b.get("/inbox")
	kim, lee := strings.Index(all, "for kim@"), strings.Index(all, "for lee@")
	if kim < 0 || lee < 0 || kim < lee || !strings.Contains(all, "<em>bounce</em>") {
		t.Errorf("page %s", all)
	}
	if _, some, _ := b.get("/inbox?to=kim@example.com"); !strings.Contains(some, "for kim@") ||
		strings.Contains(some, "for lee@") {
		t.Errorf("page for one recipient %s", some)
	}
	var list struct{ Messages []ses.Message }
	_, raw, _ := b.get("/inbox.json?to=" + url.QueryEscape("Lee <LEE@example.com>"))
	if err := json.Unmarshal([]byte(raw), &list); err != nil || len(list.Messages) != 1 ||
		list.Messages[0].Subject != "for lee@example.com" {
		t.Errorf("json %s: %v", raw, err)
	}
	if _, raw, _ := b.get("/inbox.json?to=nobody@example.com"); strings.TrimSpace(raw) != `{"messages":[]}` {
		t.Errorf("empty inbox is %s", raw)
	}
}

func TestTextMessagesAreInTheInboxByTheirNumber(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	b.send(letter("kim@example.com"))
	if err := b.Text("+821012345678", "[하늘] 인증번호는 123456입니다."); err != nil {
		t.Fatal(err)
	}
	_, page, _ := b.get("/inbox?kind=sms")
	if !strings.Contains(page, "123456") || strings.Contains(page, "kim@") {
		t.Errorf("page of text messages %s", page)
	}
	var list struct{ Messages []ses.Message }
	_, raw, _ := b.get("/inbox.json?to=" + url.QueryEscape("+821012345678"))
	if err := json.Unmarshal([]byte(raw), &list); err != nil || len(list.Messages) != 1 || list.Messages[0].Text == "" {
		t.Errorf("json %s: %v", raw, err)
	}
}

func TestMessagePageShowsTheMailAndRunsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	in := letter("kim@example.com")
	in.Content.Simple.Subject.Data = aws.String(`"><script>alert(1)</script>`)
	in.Content.Simple.Body.Html.Data = aws.String(`<p>hi</p>"></iframe><script>alert(2)</script>`)
	in.Content.Simple.Body.Text.Data = aws.String(`</pre><script>alert(3)</script>`)
	messageID := b.send(in)
	for _, path := range []string{"/inbox", "/inbox/" + messageID, `/inbox?to=%22%3E%3Cscript%3E`} {
		status, page, header := b.get(path)
		if status != http.StatusOK || strings.Contains(page, "<script") {
			t.Errorf("%s: status %d, page %s", path, status, page)
		}
		if !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s has no policy against scripts", path)
		}
	}
	_, page, _ := b.get("/inbox/" + messageID)
	sandbox := `sandbox="allow-popups allow-popups-to-escape-sandbox"`
	for _, want := range []string{sandbox, "&lt;p&gt;hi&lt;/p&gt;", "kind=order", "List-Unsubscribe-Post", "viewport"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if status, _, _ := b.get("/inbox/none"); status != http.StatusNotFound {
		t.Errorf("an unknown message has status %d", status)
	}
}

func TestInboxShowsOneKindOfMailToOnePerson(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	for _, one := range [][2]string{
		{"kim@example.com", "order_confirmation"}, {"kim@example.com", "order_shipped"}, {"lee@example.com", "order_shipped"},
	} {
		in := letter(one[0])
		in.Content.Simple.Subject.Data = aws.String(one[1] + " for " + one[0])
		in.EmailTags = []types.MessageTag{{Name: aws.String("template"), Value: aws.String(one[1])}}
		b.send(in)
	}
	_, page, _ := b.get("/inbox?to=kim@example.com&kind=order_shipped")
	if !strings.Contains(page, "order_shipped for kim@") || strings.Contains(page, "for lee@") ||
		strings.Contains(page, "order_confirmation for") || !strings.Contains(page, "<option>order_confirmation") {
		t.Errorf("page %s", page)
	}
	_, raw, _ := b.get("/inbox.json?kind=order_shipped")
	if strings.Contains(raw, "order_confirmation for") || !strings.Contains(raw, "order_shipped for lee") {
		t.Errorf("json %s", raw)
	}
}

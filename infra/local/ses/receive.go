package ses

import (
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"slices"
	"strings"

	"dangol/shared/platform/id"
)

// verdictHeaders are what SES writes in front of a mail that it received: this one is from whom it says.
const verdictHeaders = "X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\n" +
	"Authentication-Results: amazonses.com; spf=pass; dkim=pass; dmarc=pass\r\n"

// received takes a whole mail (RFC 5322) that is sent to the shop. A mail that already has what SES writes keeps it, so
// that forged and unwanted mails can be rehearsed.
func (s *Sink) received(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBytes+1))
	if err != nil || len(raw) == 0 || len(raw) > maxBytes {
		http.Error(w, "the body is the mail, 40 MB at most", http.StatusBadRequest)
		return
	}
	if !strings.HasPrefix(strings.ToLower(string(raw[:min(len(raw), 6)])), "x-ses-") {
		raw = append([]byte(verdictHeaders), raw...)
	}
	if s.receive(w, raw) {
		w.WriteHeader(http.StatusAccepted)
	}
}

// receive hands a mail over; it answers by itself when that fails.
func (s *Sink) receive(w http.ResponseWriter, raw []byte) bool {
	if s.options.Receive == nil {
		http.Error(w, "nobody receives mails here", http.StatusNotFound)
		return false
	}
	if err := s.options.Receive(raw); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return false
	}
	return true
}

// reply answers a mail of the inbox as the one who got it, as a mail program would.
func (s *Sink) reply(w http.ResponseWriter, r *http.Request) {
	all := s.list("")
	i := slices.IndexFunc(all, func(m Message) bool { return m.ID == r.PathValue("id") })
	text := r.PostFormValue("text")
	if i < 0 || len(all[i].ReplyTo) == 0 || len(all[i].To) == 0 || strings.TrimSpace(text) == "" {
		page(w, http.StatusBadRequest, "Not sent", `<h1>Not sent</h1><p>There is no such mail, or nothing to send.</p>`)
		return
	}
	m := all[i]
	var b strings.Builder
	fmt.Fprintf(&b, "%sFrom: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s@laptop.example>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", verdictHeaders,
		m.To[0],
		m.ReplyTo[0], mime.QEncoding.Encode("utf-8", "Re: "+m.Subject), id.New("reply", s.options.Clock.Now()))
	body := quotedprintable.NewWriter(&b)
	if _, err := io.WriteString(body, text); err != nil || body.Close() != nil {
		http.Error(w, "the text cannot be encoded", http.StatusInternalServerError)
		return
	}
	if s.receive(w, []byte(b.String())) {
		http.Redirect(w, r, "/inbox/"+m.ID, http.StatusSeeOther)
	}
}

package outreach

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"dangol/shared/outbox"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// RedirectOutput leads to the page that a link was made for.
type RedirectOutput struct {
	Status   int
	Location string `header:"Location"`
	Cache    string `header:"Cache-Control"`
	Referrer string `header:"Referrer-Policy"`
}

// HitInput is a request for a link or picture, with what tells people and machines apart.
type HitInput struct {
	LinkInput
	UserAgent string `header:"User-Agent"`
	Purpose   string `header:"Sec-Purpose"`
	Older     string `header:"Purpose"`
}

// hit is the request as package tracking wants it.
func (in HitInput) hit(ctx context.Context, r outbox.Record, now time.Time) tracking.Hit {
	from, _ := netip.ParseAddr(api.SourceIP(ctx))
	// Without the event of the delivery the time of the attempt is the best that is known.
	delivered := r.Delivered
	if delivered.IsZero() {
		delivered = r.TriedAt
	}
	return tracking.Hit{
		// GET, because the route takes nothing else.
		At: now, Delivered: delivered, Method: http.MethodGet, UserAgent: in.UserAgent, Purpose: in.Purpose + in.Older,
		From: from,
	}
}

// follow leads to the page behind a link and counts the click.
func (f *Outreach) follow(ctx context.Context, in *HitInput) (*RedirectOutput, error) {
	fields, err := f.verify(ctx, tracking.Link, in.Token, 2)
	if err != nil {
		return nil, err
	}
	r, err := f.Service.Outbox.Get(ctx, fields[0])
	if errors.Is(err, table.ErrNotFound) {
		return redirect(f.Service.Shop.URL + "/"), nil // the record is older than it is kept; the shop is still there
	}
	if err != nil {
		return nil, err
	}
	place, err := strconv.Atoi(fields[1])
	if err != nil || place < 0 || place >= len(r.Links) {
		return nil, problem.NotFound("link_invalid", "This link is not valid.")
	}
	if err := f.Service.Hit(ctx, r, place, in.hit(ctx, r, f.now())); err != nil {
		f.Service.Log.WarnContext(ctx, "click not counted", "error", err) // the person gets where they want to go
	}
	return redirect(r.Links[place]), nil
}

// redirect is not cached, so that each click is seen, and does not tell the page behind where the
// person comes from.
func redirect(to string) *RedirectOutput {
	return &RedirectOutput{Status: http.StatusFound, Location: to, Cache: "no-store", Referrer: "no-referrer"}
}

// PictureOutput is a picture of one transparent dot.
type PictureOutput struct {
	Type  string `header:"Content-Type"`
	Cache string `header:"Cache-Control"`
	Body  []byte
}

// dot is a GIF of one transparent pixel.
var dot, _ = base64.StdEncoding.DecodeString("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

// opened counts an open. Mail programs open everything by themselves, so nothing else follows from it.
func (f *Outreach) opened(ctx context.Context, in *HitInput) (*PictureOutput, error) {
	if fields, err := f.verify(ctx, tracking.Open, in.Token, 1); err == nil {
		if err := f.Service.CountOnce(ctx, fields[0], outbox.CountOpened, "opened"); err != nil {
			f.Service.Log.WarnContext(ctx, "open not counted", "error", err)
		}
	}
	return &PictureOutput{Type: "image/gif", Cache: "no-store", Body: dot}, nil
}

// why tells the recipient on what ground a message was sent. 2 round trips.
func (f *Outreach) why(ctx context.Context, in *LinkInput) (*Page, error) {
	fields, err := f.verify(ctx, tracking.Why, in.Token, 1)
	if err != nil {
		return nil, err
	}
	r, err := f.Service.Outbox.Get(ctx, fields[0])
	if errors.Is(err, table.ErrNotFound) {
		return nil, problem.NotFound("link_invalid", "This link is not valid.")
	}
	if err != nil {
		return nil, err
	}
	// Somebody who was erased still gets an answer.
	language := contact.Contact{}.MailLanguage()
	if c, err := f.Service.Contacts.Get(ctx, r.Contact); err == nil {
		language = c.MailLanguage()
	}
	t := func(key string) string { return text(language, key) }
	// In the shop's zone, because the page names none.
	when := func(at time.Time) string { return at.In(f.Service.Shop.Zone).Format("2006-01-02 15:04") }
	body := paragraph(t("sent_at")+": "+when(r.At)) + paragraph(t("reason_label")+": "+t("because."+r.Reason))
	if !r.ConsentAt.IsZero() {
		body += paragraph(t("consent_at") + ": " + when(r.ConsentAt))
	}
	return page(language, t("why"), body), nil
}

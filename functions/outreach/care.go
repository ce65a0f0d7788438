package outreach

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
)

// careRoutes are the routes of those who look after failures, contacts and sending.
func (f *Outreach) careRoutes(s *api.Service) {
	merchant := func(access api.Access, method, path, id, summary, text string, errors ...int) api.Route {
		return route(access, method, path, id, summary, text, errors...)
	}
	api.Handle(s, merchant(api.Agent, "GET", "/failures", "listMailFailures", "Mails that need a look", failuresText),
		f.failures)
	api.Handle(s, merchant(api.Agent, "POST", "/failures/{mailId}/resend", "resendMail", "Send a mail once more",
		resendText, 404, 409), f.resend)
	api.Handle(s, merchant(api.Agent, "POST", "/contacts/lookup", "lookupContact", "What a person agreed to and was sent",
		lookupText, 404, 422), f.lookup)
	lift := merchant(api.Agent, "POST", "/contacts/lift", "liftSuppression", "Write to an address again that bounced",
		liftText, 404, 409, 422)
	lift.Status = http.StatusNoContent
	api.Handle(s, lift, f.lift)
	erase := merchant(api.MerchantIs, "POST", "/contacts/erase", "eraseContact", "Erase a person", eraseText, 422)
	erase.Status = http.StatusNoContent
	api.Handle(s, erase, f.erase)
	imported := merchant(api.MerchantIs, "POST", "/consents/import", "importConsents",
		"Import consents that were given elsewhere", importText, 422)
	// 500 consents of 1 KB.
	imported.MaxBody = 512 << 10
	api.Handle(s, imported, f.importConsents)
	api.Handle(s, merchant(api.MerchantIs, "POST", "/previews", "previewMessage", "A message with the profile of a person",
		"Writes nothing.", 404, 422), f.preview)
	test := merchant(api.MerchantIs, "POST", "/previews/send", "sendTestMessage", "Mail it to yourself", testText, 404,
		422)
	test.Status, test.Keyed = http.StatusAccepted, api.KeyOptional
	api.Handle(s, test, f.testSend)
	api.Handle(s, merchant(api.MerchantIs, "PUT", "/coupons/{name}", "setCoupon", "Which promotion's codes recipients get",
		couponText, 404, 422), f.setCoupon)
	api.Handle(s, merchant(api.MerchantIs, "GET", "/sending", "getSending", "Rate and pause of marketing", ""), f.sending)
	api.Handle(s, merchant(api.MerchantIs, "PUT", "/sending", "setSending", "Pause marketing, or let it go on",
		"Order mails go out in any case."),
		f.setSending)
}

// Descriptions that are too long for the routes.
const (
	failuresText = "Rejected: SES will never take them, with its reason. Unknown: nobody knows whether SES took them, " +
		"and they are not sent again " +
		"by themselves."
	resendText = "A new mail with the same content. 409 when the mail was sent after all."
	lookupText = "Consent with its proofs, and the messages of the last six months with the reason of each. The " +
		"address is in the body, so that " +
		"no log has it."
	liftText = "When the mailbox works again: an address that bounced gets no mail at all, not even of its orders. " +
		"Consent is as it was. 409 after a complaint or an erasure. The same again is a success."
	eraseText = "Removes profile, purchases, clicks, browsers and series of the address, and stops what waits to be " +
		"sent. Proofs of consent and records of messages stay with a hash of the address for as long as the law asks. " +
		"The same again is a success. Whoever orders or signs up later begins anew."
	importText = "Each with proof: time, place and version of the text. A consent from elsewhere never outweighs what " +
		"the person said here. " +
		"One bad row does not keep the others from being imported."
	testText = "Goes to the address of the access token and nowhere else, because no consent is asked for. Links for " +
		"refusing lead nowhere, no code is used up, and nothing is measured."
	couponText = "name is what series and campaigns call it (welcome, cart, birthday, win_back). The promotion needs a " +
		"batch of codes."
)

// MailFailuresOutput is a page of the list.
type MailFailuresOutput struct {
	Body struct {
		Mails      []outbox.Card `json:"mails" nullable:"false"`
		NextCursor string        `json:"nextCursor,omitempty"`
	}
}

// failures lists mails that were refused or whose outcome is not known.
func (f *Outreach) failures(ctx context.Context, in *api.Paging) (*MailFailuresOutput, error) {
	cards, next, err := f.Service.Outbox.Failures(ctx, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &MailFailuresOutput{}
	out.Body.Mails, out.Body.NextCursor = cards, string(next)
	return out, nil
}

// OneMailInput names a mail.
type OneMailInput struct {
	MailID string `path:"mailId" maxLength:"256"`
}

// ResendOutput is the new mail.
type ResendOutput struct {
	Body struct {
		ID string `json:"id"`
	}
}

// resend sends a mail once more.
func (f *Outreach) resend(ctx context.Context, in *OneMailInput) (*ResendOutput, error) {
	id, err := f.Service.Resend(ctx, in.MailID)
	out := &ResendOutput{}
	out.Body.ID = id
	return out, err
}

// ContactLookupInput is an address.
type ContactLookupInput struct {
	Body struct {
		Email string `json:"email" maxLength:"254" format:"email"`
	}
}

// ContactLookupOutput is what is known of it.
type ContactLookupOutput struct {
	Body struct {
		ID          string                                        `json:"id"`
		Consent     map[compliance.Channel]consent.State          `json:"consent"`
		Suppression map[compliance.Channel]compliance.Suppression `json:"suppression"`
		TopicsOff   []string                                      `json:"topicsOff" nullable:"false"`
		Proofs      []consent.Change                              `json:"proofs" nullable:"false"`
		Messages    []outbox.Card                                 `json:"messages" nullable:"false"`
	}
}

// lookup tells what is known of an address. One that is not known has an empty contact, so that the
// answer has one form.
func (f *Outreach) lookup(ctx context.Context, in *ContactLookupInput) (*ContactLookupOutput, error) {
	email, err := acceptedEmail(in.Body.Email)
	if err != nil {
		return nil, err
	}
	c, err := f.Service.Contacts.Of(ctx, email)
	if err != nil {
		return nil, err
	}
	out := &ContactLookupOutput{}
	out.Body.ID, out.Body.TopicsOff = c.ID, append([]string{}, c.TopicsOff...)
	// Empty and not null, as every list and map of the API.
	out.Body.Consent = map[compliance.Channel]consent.State{}
	maps.Copy(out.Body.Consent, c.Consent)
	out.Body.Suppression = map[compliance.Channel]compliance.Suppression{}
	maps.Copy(out.Body.Suppression, c.Suppression)
	if out.Body.Proofs, err = f.Service.Proofs(ctx, c.ID); err != nil {
		return nil, err
	}
	out.Body.Messages, _, err = f.Service.Outbox.SentTo(ctx, email, 100, "")
	// The last hundred are enough to answer a question.
	return out, err
}

// lift lets an address be written to again. It is in the body, so that no log has it.
func (f *Outreach) lift(ctx context.Context, in *ContactLookupInput) (*struct{}, error) {
	email, err := acceptedEmail(in.Body.Email)
	if err != nil {
		return nil, err
	}
	return nil, f.Service.Lift(ctx, email)
}

// erase removes a person. The address is in the body, so that no log has it.
func (f *Outreach) erase(ctx context.Context, in *ContactLookupInput) (*struct{}, error) {
	email, err := acceptedEmail(in.Body.Email)
	if err != nil {
		return nil, err
	}
	return nil, f.Service.Erase(ctx, email)
}

// ImportConsentsInput is a list of consents.
type ImportConsentsInput struct {
	Body struct {
		Consents []ImportedConsent `json:"consents" minItems:"1" maxItems:"500" nullable:"false"`
	}
}

// ImportedConsent is one consent with its proof.
type ImportedConsent struct {
	Email       string `json:"email" maxLength:"254"`
	At          string `json:"at" maxLength:"40" doc:"RFC 3339." example:"2025-06-01T12:00:00+09:00"`
	Source      string `json:"source" maxLength:"100"`
	TextVersion string `json:"textVersion" maxLength:"40"`
	Language    string `json:"language,omitempty" maxLength:"10"`
}

// ImportConsentsOutput says what became of each row that was not imported.
type ImportConsentsOutput struct {
	Body struct {
		Imported int      `json:"imported"`
		Refused  []string `json:"refused" nullable:"false" doc:"Row number, from 0, and why."`
	}
}

// maxConsents is how many consents one request imports.
const maxConsents = 500

// importConsents imports consents row by row. What fails on our side ends it: the whole list may be sent again, and
// what is imported stays as it is.
func (f *Outreach) importConsents(ctx context.Context, in *ImportConsentsInput) (*ImportConsentsOutput, error) {
	var wrong problem.Fields
	wrong.Count(len(in.Body.Consents), 1, maxConsents, "/consents")
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	out := &ImportConsentsOutput{}
	out.Body.Refused = []string{}
	for i, row := range in.Body.Consents {
		email, change, err := row.consent(f.now())
		if err != nil {
			out.Body.Refused = append(out.Body.Refused, fmt.Sprintf("%d: %s", i, err))
			continue
		}
		// No fault of the row: the whole list may be sent again, and what is imported stays as it is.
		if err := f.importOne(ctx, email, change, row.Language); err != nil {
			return nil, err
		}
		out.Body.Imported++
	}
	return out, nil
}

// consent is what a row says, or what is wrong with it.
func (row ImportedConsent) consent(now time.Time) (email string, change consent.Change, err error) {
	if email, err = format.Email("/email", row.Email); err != nil {
		return "", change, err
	}
	at, err := parseTime(row.At)
	if err != nil {
		return "", change, err
	}
	if row.Language != "" && !format.IsLanguage(row.Language) {
		return "", change, errors.New("the language is no ISO 639 code such as ko")
	}
	change = consent.Change{
		// By the time of the consent: importing a list again makes the same proofs.
		ID: "import-" + at.UTC().Format("20060102150405"), Channel: compliance.Email, Action: consent.Import, At: at,
		Source:      row.Source,
		TextVersion: row.TextVersion,
	}
	return email, change, change.Check(now)
}

// importOne imports one consent. An earlier answer outweighs it, which is no error, and the language of an import does
// not replace what the person has chosen.
func (f *Outreach) importOne(ctx context.Context, email string, change consent.Change, language string) error {
	c, err := f.Service.Answer(ctx, email, change, nil)
	if err == nil && language != "" && c.Language == "" {
		err = f.Service.SetLanguage(ctx, c.ID, language)
	}
	return err
}

// PreviewInput says which message with whose profile.
type PreviewInput struct{ Body service.PreviewOf }

// PreviewOutput is the message.
type PreviewOutput struct{ Body service.Preview }

// preview shows a message with the profile of a person. It writes nothing.
func (f *Outreach) preview(ctx context.Context, in *PreviewInput) (*PreviewOutput, error) {
	of, err := in.checked()
	if err != nil {
		return nil, err
	}
	p, err := f.Service.Preview(ctx, of)
	return &PreviewOutput{p}, err
}

// checked refuses an address that is none, and a message that is not named.
func (in *PreviewInput) checked() (service.PreviewOf, error) {
	of := in.Body
	email, err := acceptedEmail(of.Email)
	if err != nil {
		return of, err
	}
	// Exactly one of the two names the message.
	if (of.Campaign == "") == (of.Sequence == "") {
		return of, problem.InvalidField("/sequence", "message_not_named", "either a series with a step or a campaign")
	}
	var wrong problem.Fields
	wrong.Text(of.Campaign, 0, 60, "/campaign")
	wrong.Text(of.Variant, 0, 8, "/variant")
	if err := wrong.Err(); err != nil {
		return of, err
	}
	of.Email = email
	return of, nil
}

// TestSendOutput names the mail.
type TestSendOutput struct {
	Replayed string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body     struct {
		ID string `json:"id"`
	}
}

// testSend mails a message to the caller's own address, taken from the access token, once for each key.
func (f *Outreach) testSend(ctx context.Context, in *PreviewInput) (*TestSendOutput, error) {
	of, err := in.checked()
	if err != nil {
		return nil, err
	}
	to, err := format.Email("/email", auth.From(ctx).Email)
	if err != nil {
		return nil, problem.InvalidField("", "caller_without_email", "an access token with an address of yours")
	}
	out := &TestSendOutput{}
	out.Body.ID, out.Replayed, err = once(ctx, f, func() (string, error) { return f.Service.TestSend(ctx, of, to) })
	return out, err
}

// SetCouponInput names a coupon and a promotion.
type SetCouponInput struct {
	Name string `path:"name" pattern:"^[a-z_]{1,40}$"`
	Body struct {
		PromotionID string `json:"promotionId" maxLength:"60"`
	}
}

// setCoupon lets a name stand for a promotion's codes.
func (f *Outreach) setCoupon(ctx context.Context, in *SetCouponInput) (*struct{}, error) {
	r, err := f.Promotions.Get(ctx, in.Body.PromotionID)
	if err != nil {
		return nil, err
	}
	// No cart takes the codes of a promotion that has ended. A draft may be named before it is published.
	if r.Promotion.Codes.Batch == nil || r.Promotion.StateAt(f.now()) == promotion.Ended {
		return nil, problem.InvalidField("/promotionId", "promotion_without_codes",
			"a promotion with a batch of codes, that has not ended")
	}
	return nil, f.Service.SetCoupon(ctx, in.Name, &r.Promotion)
}

// SendingOutput is how mails go out.
type SendingOutput struct {
	Body struct {
		PerSecond float64 `json:"perSecond" doc:"That SES allows."`
		Now       float64 `json:"now" doc:"That is used, less after throttling."`
		Quota     int     `json:"quota" doc:"In 24 hours; -1 for no limit."`
		Sent      int     `json:"sent" doc:"In the last 24 hours, at the last look."`
		Paused    string  `json:"paused,omitempty" doc:"Why no marketing goes out."`
		WarmUp    struct {
			Limit   int    `json:"limit" doc:"Marketing mails of the day while the domain is warmed up; 0 for no limit."`
			Sent    int    `json:"sent" doc:"Of the day, at the last look."`
			Stopped string `json:"stopped,omitempty" doc:"Why the day has no more."`
		} `json:"warmUp"`
	}
}

// sending tells the rate and whether marketing is paused.
func (f *Outreach) sending(ctx context.Context, _ *struct{}) (*SendingOutput, error) {
	r, err := f.Service.Budget.Read(ctx)
	out := &SendingOutput{}
	out.Body.PerSecond, out.Body.Now, out.Body.Quota, out.Body.Sent, out.Body.Paused = r.PerSecond, r.Effective(
		f.now()), r.Quota, r.Sent, r.Paused
	out.Body.WarmUp.Limit, out.Body.WarmUp.Sent, out.Body.WarmUp.Stopped = r.WarmLimit, r.WarmSent, r.WarmStop
	return out, err
}

// SetSendingInput pauses marketing.
type SetSendingInput struct {
	Body struct {
		Paused bool `json:"paused"`
	}
}

// setSending pauses marketing or lets it go on, also after a pause by the watch on reputation.
func (f *Outreach) setSending(ctx context.Context, in *SetSendingInput) (*SendingOutput, error) {
	why := ""
	if in.Body.Paused {
		why = "by a merchant"
	}
	if err := f.Service.Budget.Pause(ctx, why); err != nil {
		return nil, err
	}
	return f.sending(ctx, nil)
}

package outreach

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/api"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// shopperRoutes are the routes behind links in messages. They need no log-in: the token is the
// right.
func (f *Outreach) shopperRoutes(s *api.Service) {
	public := func(method, path, id, summary, text string, errors ...int) api.Route {
		return route(api.Public, method, path, id, summary, text, errors...)
	}
	signUp := public("POST", "/sign-ups", "signUpForNews", "Ask to hear from the shop", signUpText, 422, 429)
	signUp.Status = accepted
	api.Handle(s, signUp, f.signUp)
	page := func(method, path, id, summary, text string, errors ...int) api.Route {
		r := public(method, path, id, summary, text, append(errors, 404)...)
		r.Types = []string{"text/html"}
		return r
	}
	api.Handle(s, page("GET", "/confirm/{token}", "confirmSignUpPage", "Page that confirms a sign-up",
		"Changes nothing."), f.confirmPage)
	api.Handle(s, page("POST", "/confirm/{token}", "confirmSignUp", "Confirm a sign-up", ""), f.confirm)
	api.Handle(s, page("GET", "/unsubscribe/{token}", "unsubscribePage", "Page to unsubscribe", "Changes nothing."),
		f.unsubscribePage)
	api.Handle(s, page("POST", "/unsubscribe/{token}", "unsubscribe", "One-click unsubscribe", unsubscribeText, 400),
		f.unsubscribe)
	api.Handle(s, page("GET", "/preferences/{token}", "preferencesPage", "Page of topics and channels", ""),
		f.preferencesPage)
	api.Handle(s, page("POST", "/preferences/{token}", "savePreferences", "Save topics and channels",
		"The body is the page's form.", 400), f.savePreferences)
	follow := public("GET", "/links/{token}", "followLink", "A link in a message", followText, 404)
	follow.Status = http.StatusFound
	api.Handle(s, follow, f.follow)
	opened := public("GET", "/opened/{token}", "openedMessage", "The picture that marks an open", "Always a picture.")
	opened.Types = []string{"image/gif"}
	api.Handle(s, opened, f.opened)
	api.Handle(s, page("GET", "/why/{token}", "whyMessage", "Why a message was sent", ""), f.why)
}

// Descriptions that are too long for the routes.
const (
	signUpText = "The answer is the same whether the address is known or not. A mail asks to confirm; before that " +
		"nothing is sent. A shop that does without (doubleOptIn false) takes the sign-up as the consent. " +
		"The text that the person agreed to is named by its version and kept by the shop."
	unsubscribeText = "RFC 8058: the body is List-Unsubscribe=One-Click as application/x-www-form-urlencoded or " +
		"multipart/form-data. No cookie and no log-in is needed, and the same request again answers the same."
	followText = "Leads to the page that the message was written with, and counts the click. A link that was altered " +
		"leads nowhere."
)

// SignUpInput is a sign-up.
type SignUpInput struct {
	Body struct {
		Email       string   `json:"email" minLength:"3" maxLength:"254" format:"email"`
		Language    string   `json:"language" enum:"ko,en"`
		Country     string   `json:"country,omitempty" pattern:"^[A-Z]{2}$"`
		Zone        string   `json:"zone,omitempty" maxLength:"60" doc:"IANA time zone." example:"Asia/Seoul"`
		Birthday    string   `json:"birthday,omitempty" pattern:"^[01]\\d-[0-3]\\d$" doc:"Month and day, for a greeting." example:"03-21"`
		Source      string   `json:"source" pattern:"^[a-z_]{1,40}$" doc:"Where the person agreed." example:"footer_form"`
		TextVersion string   `json:"textVersion" pattern:"^[A-Za-z0-9._-]{1,40}$" doc:"Version of the text they agreed to."`
		TopicsOff   []string `json:"topicsOff,omitempty" maxItems:"10" nullable:"false" doc:"Topics they do not want."`
	}
}

// SignUpOutput says nothing of the address.
type SignUpOutput struct {
	Body struct {
		State string `json:"state" enum:"pending,subscribed" doc:"pending: a mail asks to confirm. subscribed: the shop does without."`
	}
}

// signUp notes that somebody wants to hear from the shop. Whoever enters the address of another
// only causes one mail.
func (f *Outreach) signUp(ctx context.Context, in *SignUpInput) (*SignUpOutput, error) {
	b := in.Body
	email, err := acceptedEmail(b.Email)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	// The empty zone is UTC to LoadLocation and is not stored.
	if _, err := time.LoadLocation(b.Zone); err != nil {
		return nil, problem.InvalidField("/zone", "zone_unknown", "an IANA time zone")
	}
	if _, err := time.Parse("01-02", b.Birthday); err != nil && b.Birthday != "" {
		return nil, problem.InvalidField("/birthday", "birthday_unknown", "a month and day such as 03-21")
	}
	// Before anything is read, so that the answer tells nothing about the address.
	if err := f.limited(ctx, email); err != nil {
		return nil, err
	}
	action, state := consent.Ask, "pending"
	if !f.Service.Shop.DoubleOptIn {
		// Where the shop does without confirmation the sign-up is the consent.
		action, state = consent.Give, "subscribed"
	}
	change := consent.Change{
		Channel: compliance.Email, Action: action, At: f.now(), Source: b.Source, TextVersion: b.TextVersion,
	}
	_, err = f.Service.Answer(ctx, email, change, in.fill)
	out := &SignUpOutput{}
	out.Body.State = state
	return out, err
}

// acceptedEmail is an address as it is stored. Errors: 422 email_not_accepted at /email.
func acceptedEmail(text string) (string, error) {
	email, err := format.Email("/email", text)
	if err != nil {
		return "", problem.InvalidField("/email", "email_not_accepted", "one address that mail can be sent to")
	}
	return email, nil
}

// onlyLetters are those of the names of places where people agree.
func onlyLetters(r rune) bool { return r >= 'a' && r <= 'z' || r == '_' }

// checkTextVersion requires a version of a text that people agree to, such as 2026-03.
func checkTextVersion(version string) error {
	return format.Name("/textVersion", version, 1, 40, format.Letters("._-"))
}

// check holds a sign-up against its bounds; consent has its own.
func (in *SignUpInput) check() error {
	b := in.Body
	var f problem.Fields
	f.OneOf(b.Language, "/language", "ko", "en")
	if b.Country != "" {
		_, err := format.Country("/country", b.Country)
		f.Note(err)
	}
	f.Text(b.Zone, 0, 60, "/zone")
	f.Note(format.Name("/source", b.Source, 1, 40, onlyLetters))
	f.Note(checkTextVersion(b.TextVersion))
	f.Count(len(b.TopicsOff), 0, 10, "/topicsOff")
	return f.Err()
}

// fill takes over what a sign-up says of a person. Whoever types the address of somebody else must not change what they
// have chosen: of people who have confirmed, or have bought, only what is not known yet is filled in, and they change
// the rest themselves by the preferences link in their mails. Of others the newest sign-up counts, which is most likely
// the one that they will confirm.
func (in *SignUpInput) fill(c *contact.Contact) {
	confirmed := c.Consent[compliance.Email].Answer == compliance.Given
	set := func(into *string, value string) {
		if value != "" && (*into == "" || !confirmed && !c.Person.Customer) {
			*into = value
		}
	}
	set(&c.Language, in.Body.Language)
	set(&c.Country, in.Body.Country)
	set(&c.Zone, in.Body.Zone)
	set(&c.Person.Birthday, in.Body.Birthday)
	if !confirmed {
		c.TopicsOff = knownTopics(in.Body.TopicsOff)
	}
	c.Person.Language, c.Person.Country = c.Language, c.Country
}

// knownTopics leaves out topics that the shop does not have.
func knownTopics(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(t string) bool { return !consent.KnownTopic(consent.Topic(t)) })
}

// contactOf reads the contact of a link. Error: 404 link_invalid, for one that was erased too.
func (f *Outreach) contactOf(ctx context.Context, contactID string) (contact.Contact, error) {
	c, err := f.Service.Contacts.Get(ctx, contactID)
	if errors.Is(err, table.ErrNotFound) || err == nil && !c.ErasedAt.IsZero() {
		return c, problem.NotFound("link_invalid", "This link is not valid.")
	}
	return c, err
}

// confirmPage shows a button: programs that follow links must not confirm anything.
func (f *Outreach) confirmPage(ctx context.Context, in *LinkInput) (*Page, error) {
	fields, err := f.verify(ctx, tracking.Confirm, in.Token, 3)
	if err != nil {
		return nil, err
	}
	c, err := f.contactOf(ctx, fields[0])
	if err != nil {
		return nil, err
	}
	language := c.MailLanguage()
	t := func(key string) string { return text(language, key) }
	return page(language, t("confirm"), paragraph(t("confirm_ask"))+form("", "", t("confirm"))), nil
}

// confirm counts a confirmation of what was asked for last. A link that is too old gives nothing, nor does one from
// before a refusal, or one for which nothing is asked any more.
func (f *Outreach) confirm(ctx context.Context, in *LinkInput) (*Page, error) {
	fields, err := f.verify(ctx, tracking.Confirm, in.Token, 3)
	if err != nil {
		return nil, err
	}
	c, err := f.contactOf(ctx, fields[0])
	if err != nil {
		return nil, err
	}
	channel := compliance.Channel(fields[1])
	requestedAt, err := time.Parse(time.RFC3339, fields[2])
	language := c.MailLanguage()
	t := func(key string) string { return text(language, key) }
	// A link that is too old, or from before a refusal.
	state := c.Consent[channel]
	if err != nil || f.now().Sub(requestedAt) > consent.ConfirmWithin || state.Answer == compliance.Refused {
		return page(language, t("confirm"), paragraph(t("not_confirmed"))), nil
	}
	c, err = f.Service.AnswerID(ctx, c.ID, consent.Change{
		Channel: channel, Action: consent.Confirm, At: f.now(), Source: "confirmation_mail", TextVersion: "confirmation",
		Asked: requestedAt.Unix(),
	}, nil)
	if err != nil {
		return nil, err
	}
	// The answer is what counts, and not that it was given: the request may have been taken back meanwhile.
	if c.Consent[channel].Answer != compliance.Given {
		return page(language, t("confirm"), paragraph(t("not_confirmed"))), nil
	}
	return page(language, t("confirm"), paragraph(t("confirmed"))), nil
}

// unsubscribePage shows a button: programs that follow links must not unsubscribe anybody.
func (f *Outreach) unsubscribePage(ctx context.Context, in *LinkInput) (*Page, error) {
	fields, err := f.verify(ctx, tracking.Unsubscribe, in.Token, 3)
	if err != nil {
		return nil, err
	}
	// Somebody who was erased still gets a page.
	language := contact.Contact{}.MailLanguage()
	if c, err := f.Service.Contacts.Get(ctx, fields[0]); err == nil {
		language = c.MailLanguage()
	}
	t := func(key string) string { return text(language, key) }
	return page(language, t("unsubscribe"), paragraph(t("unsubscribe_ask"))+
		// The same field as in the one-click request, so that both go the same way.
		form(`<input type="hidden" name="List-Unsubscribe" value="One-Click">`, "", t("unsubscribe"))), nil
}

// FormInput is a request whose body is a form.
type FormInput struct {
	LinkInput
	ContentType string `header:"Content-Type"`
	RawBody     []byte
}

// maxForm is the largest form, in memory.
const maxForm = 16 << 10

// values reads a form, encoded in either way.
func (in FormInput) values() (url.Values, error) {
	kind, parameters, err := mime.ParseMediaType(in.ContentType)
	if err != nil {
		return nil, problem.BadRequest("form_expected", "Send a form.")
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(in.RawBody))
		if err != nil {
			return nil, problem.BadRequest("form_expected", "Send a form.")
		}
		return values, nil
	case "multipart/form-data":
		// What exceeds maxForm would go to temporary files.
		read, err := multipart.NewReader(bytes.NewReader(in.RawBody), parameters["boundary"]).ReadForm(maxForm)
		if err != nil {
			return nil, problem.BadRequest("form_expected", "Send a form.")
		}
		return read.Value, nil
	}
	return nil, problem.BadRequest("form_expected", "Send a form.")
}

// unsubscribe is RFC 8058 3.1 and 3.2. Somebody who is not known any more has nothing to unsubscribe from, which is a
// success.
func (f *Outreach) unsubscribe(ctx context.Context, in *FormInput) (*Page, error) {
	fields, err := f.verify(ctx, tracking.Unsubscribe, in.Token, 3)
	if err != nil {
		return nil, err
	}
	values, err := in.values()
	if err != nil {
		return nil, err
	}
	// RFC 8058 3.1: other requests to the address change nothing.
	if values.Get("List-Unsubscribe") != "One-Click" {
		return nil, problem.BadRequest("one_click_expected", "The form must say List-Unsubscribe=One-Click.")
	}
	c, err := f.Service.AnswerID(ctx, fields[0], consent.Change{
		Channel: compliance.Email, Action: consent.Refuse, At: f.now(), Source: "one_click", TextVersion: "one_click",
		Message: fields[2],
	}, nil)
	if err != nil && !errors.Is(err, table.ErrNotFound) {
		return nil, err
	}
	// The person is off the list whether it is counted or not.
	if err := f.Service.CountOnce(ctx, fields[2], outbox.CountLeft, "left"); err != nil {
		f.Service.Log.WarnContext(ctx, "count unsubscribe", "error", err)
	}
	language := c.MailLanguage()
	t := func(key string) string { return text(language, key) }
	return page(language, t("unsubscribe"), paragraph(t("unsubscribed"))), nil
}

// preferencesPage shows what somebody has chosen.
func (f *Outreach) preferencesPage(ctx context.Context, in *LinkInput) (*Page, error) {
	fields, err := f.verify(ctx, tracking.Preferences, in.Token, 1)
	if err != nil {
		return nil, err
	}
	c, err := f.contactOf(ctx, fields[0])
	if err != nil {
		return nil, err
	}
	return preferences(c, ""), nil
}

// preferences is the page with the choices as they are.
func preferences(c contact.Contact, note string) *Page {
	language := c.MailLanguage()
	t := func(key string) string { return text(language, key) }
	inner := `<fieldset><legend>` + t("preferences") + `</legend>`
	inner += checkbox("email", "yes", t("email"), c.Consent[compliance.Email].Answer == compliance.Given)
	inner += checkbox("push", "yes", t("push"), c.Consent[compliance.Push].Answer == compliance.Given)
	inner += checkbox("night", "yes", t("night"), c.Consent[compliance.Push].Night)
	inner += checkbox("measure", "yes", t("measure"), !c.NoTracking) + `</fieldset><fieldset><legend>` + t("topics") +
		`</legend>`
	for _, topic := range consent.Topics {
		inner += checkbox("topic", string(topic), t("topic."+string(topic)), !slices.Contains(c.TopicsOff, string(topic)))
	}
	if note != "" {
		note = paragraph(note)
	}
	return page(language, t("preferences"), note+form("", inner+`</fieldset>`, t("save")))
}

// savePreferences replaces topics and answers of each channel by what the form says. What did not change is no new
// answer.
func (f *Outreach) savePreferences(ctx context.Context, in *FormInput) (*Page, error) {
	fields, err := f.verify(ctx, tracking.Preferences, in.Token, 1)
	if err != nil {
		return nil, err
	}
	values, err := in.values()
	if err != nil {
		return nil, err
	}
	c, err := f.contactOf(ctx, fields[0])
	if err != nil {
		return nil, err
	}
	// Boxes that are not checked are missing from a form.
	topics := func(c *contact.Contact) {
		c.NoTracking = values.Get("measure") != "yes"
		c.TopicsOff = nil
		for _, topic := range consent.Topics {
			if !slices.Contains(values["topic"], string(topic)) {
				c.TopicsOff = append(c.TopicsOff, string(topic))
			}
		}
	}
	// One answer for each channel; the topics go along with each and are the same.
	for _, channel := range consent.Channels {
		yes := values.Get(string(channel)) == "yes"
		change := consent.Change{Channel: channel, At: f.now(), Source: "preferences", TextVersion: "preferences",
			Action: consent.Withdraw}
		if yes {
			change.Action, change.Night = consent.Give, channel == compliance.Push && values.Get("night") == "yes"
		}
		state := c.Consent[channel]
		// The same answer as before would be a new proof of nothing.
		if yes == (state.Answer == compliance.Given) && state.Night == change.Night || !yes &&
			state.Answer == compliance.NoAnswer {
			change.Action = "" // topics only
		}
		if c, err = f.Service.AnswerID(ctx, c.ID, change, topics); err != nil {
			return nil, err
		}
	}
	language := c.MailLanguage()
	return preferences(c, text(language, "saved")), nil
}

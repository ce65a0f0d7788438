package subscriptions

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"dangol/shared/address"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// gifts registers the routes of those who were given a subscription. What the giver does is under /subscriptions.
func (f *Subscriptions) gifts(s *api.Service) {
	route := func(access api.Access, method, path, id, summary string, errors ...int) api.Route {
		return api.Route{
			Method: method, Path: path, ID: id, Summary: summary, Tag: "Gifts", Access: access,
			Errors: append([]int{422}, errors...),
		}
	}
	// Public, because whoever has the link need not have an account yet.
	look := route(api.Public, "POST", "/gifts/look", "lookAtGift", "Show a gift to whoever has the link of its mail", 404)
	look.Description = "The token stands behind the # of the link; it is sent in the body, so that no log has it."
	api.Handle(s, look, f.lookAtGift)
	report := route(api.Public, "POST", "/gifts/report", "reportGift", "Want no more gifts from a sender", 404, 503)
	report.Status = 204
	report.Description = "For whoever has the link of the mail. The sender can cause no more gift mails to that " +
		"address, also not those planned for a later day, and the shop sees the report. Repeating it changes " +
		"nothing."
	api.Handle(s, report, f.reportGift)
	reports := route(api.Agent, "GET", "/admin/gift-reports", "listGiftReports", "List gifts that recipients reported")
	reports.Description = "Newest first, each sender once for each recipient."
	api.Handle(s, reports, f.giftReports)
	claim := route(api.Customer, "POST", "/gifts/claim", "claimGift", "Accept a gift", 404, 409, 503)
	claim.Description = "Once: the first customer who has the link. Repeating it gives the same gift."
	api.Handle(s, claim, f.claimGift)
	api.Handle(s, route(api.Customer, "GET", "/gifts", "listMyGifts", "List the gifts one has accepted, newest first"),
		f.myGifts)
	api.Handle(s, route(api.Customer, "GET", "/gifts/{subscriptionId}", "getGift", "Read a gift", 404), f.gift)
	change := route(api.Customer, "POST", "/gifts/{subscriptionId}/changes", "changeGift",
		"Change where and when a gift comes", 404, 409, 412, 503)
	change.Keyed = api.KeyOptional
	api.Handle(s, change, f.changeGift)
	again := route(api.Customer, "POST", "/subscriptions/{subscriptionId}/gift/mail", "mailGift",
		"Announce a gift again, to another address if need be", 404, 409, 412, 429, 503)
	again.Keyed = api.KeyOptional
	again.Description = "The link in earlier mails opens nothing any more. Five mails at most."
	api.Handle(s, again, f.mailGift)
}

// recipientDoes lists the changes that belong to whoever claimed a gift; from then on the giver can
// no longer make them.
var recipientDoes = []string{"skip_next", "unskip", "change_date", "pause", "resume", "change_address", "move"}

// GiftRequest is a gift as its giver asks for it.
type GiftRequest struct {
	Recipient string     `json:"recipient" format:"email" maxLength:"254" example:"min@example.com"`
	Name      string     `json:"name,omitempty" maxLength:"100" doc:"Of the recipient." example:"민"`
	Language  string     `json:"language,omitempty" pattern:"^[a-z]{2,3}$" doc:"Of the recipient's mails; the giver's when missing."`
	Message   string     `json:"message,omitempty" maxLength:"500" doc:"Without links."`
	On        civil.Date `json:"on,omitempty" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"Day of the mail, and of the first parcel where there is an address; today when missing." example:"2026-12-24"`
}

// Lengths of what a giver writes, in characters.
const (
	longestName    = 100
	longestMessage = 500
)

// Mails about gifts in a day: what one customer may cause, so that the shop cannot be used to write to a list of
// strangers, and what one person may get from everybody.
const (
	giftMailsBySender    = 20
	giftMailsToRecipient = 5
)

// takeGiftMail counts a mail to a stranger, unless they have reported the sender. 2 round trips. Errors: 409
// gift_refused, 429 too_many_attempts.
func (f *Subscriptions) takeGiftMail(ctx context.Context, sender, recipient string) error {
	reported, err := f.Billing.GiftReported(ctx, sender, recipient)
	if err != nil {
		return err
	}
	if reported {
		return service.GiftRefused()
	}
	const day = 24 * time.Hour
	limiter := ratelimit.Limiter{Table: f.Billing.Table, Clock: f.Billing.Clock}
	return limiter.Take(ctx,
		ratelimit.Limit{Name: "gift-mail-sender", Subject: sender, Max: giftMailsBySender, Window: day},
		ratelimit.Limit{Name: "gift-mail-recipient", Subject: recipient, Max: giftMailsToRecipient, Window: day})
}

// wrap makes a subscription a gift. The recipient's name and the message go to somebody who may not know the giver:
// see format.Message.
func (g *GiftRequest) wrap(start *subscription.Start, r *service.Record) (err error) {
	if g.Name, err = format.DisplayName("/gift/name", g.Name, longestName); err != nil {
		return err
	}
	if g.Message, err = format.Message("/gift/message", g.Message, longestMessage); err != nil {
		return err
	}
	recipient, err := format.Email("/gift/recipient", g.Recipient)
	if err != nil {
		return err
	}
	language := g.Language
	if language != "" {
		if _, err := format.Language("/gift/language", language); err != nil {
			return err
		}
	}
	// Without a language of their own the recipient gets the mail in the giver's.
	if language == "" {
		language = r.Language
	}
	start.Gift = &subscription.Gift{Recipient: recipient, Message: g.Message, Begins: g.On}
	r.GiftTo = &service.GiftTo{Contact: service.Contact{Email: recipient, Name: g.Name, Language: language}}
	return nil
}

// GiftState is what the giver sees of a gift.
type GiftState struct {
	Recipient string     `json:"recipient"`
	Message   string     `json:"message,omitempty"`
	On        civil.Date `json:"on"`
	Until     civil.Date `json:"until" doc:"First day on which it can no longer be claimed."`
	Waits     bool       `json:"waits" doc:"Nothing begins before it is claimed; unclaimed, all money goes back."`
	Mails     int        `json:"mails" doc:"How often its mail was sent."`
	Claimed   bool       `json:"claimed"`
}

// giftState shows the giver the state of the gift; nil for a subscription that is none.
func giftState(s *subscription.Subscription) *GiftState {
	g := s.Gift
	if g == nil {
		return nil
	}
	return &GiftState{
		Recipient: g.Recipient, Message: g.Message, On: g.Begins, Until: g.Until, Waits: g.Waits, Mails: g.Mails,
		Claimed: g.ClaimedBy != "",
	}
}

// Gift is a gift as its recipient sees it: no prices, and nothing of how it is paid.
type Gift struct {
	ID         string                `json:"id" example:"sub_01k9x7d3f8q7m2k"`
	State      subscription.State    `json:"state" enum:"starting,active,paused,canceled,ended"`
	Version    int                   `json:"version"`
	Plan       PlanRef               `json:"plan"`
	From       string                `json:"from,omitempty" doc:"Name of the giver."`
	Message    string                `json:"message,omitempty"`
	Interval   subscription.Interval `json:"interval"`
	Cycles     int                   `json:"cycles" doc:"How many there are in all."`
	Left       int                   `json:"left" doc:"Those that have not begun."`
	Until      civil.Date            `json:"until" doc:"First day on which it can no longer be claimed."`
	Claimed    bool                  `json:"claimed"`
	NeedsPlace bool                  `json:"needsAddress" doc:"An address has to be given to claim it."`
	Opens      civil.Date            `json:"opens,omitempty"`
	Closes     civil.Date            `json:"closes,omitempty"`
	Address    *address.Address      `json:"address,omitempty"`
	SkipNext   bool                  `json:"skipNext,omitempty"`
	PauseUntil civil.Date            `json:"pauseUntil,omitempty"`
	Benefits   subscription.Benefits `json:"benefits" doc:"In force at this moment."`
}

// GiftOutput is one gift.
type GiftOutput struct {
	ETag     string `header:"ETag" doc:"The version, for If-Match."`
	Replayed string `header:"Idempotent-Replayed"`
	Body     Gift
}

// shown is a gift as anybody with its link may see it: no address, no dates, no prices.
func shown(r *service.Record) Gift {
	s, g := &r.Sub, r.Sub.Gift
	v := Gift{
		ID: s.ID, State: s.State, Version: r.Version, From: r.Name, Message: g.Message, Interval: s.Terms.Interval,
		Cycles: s.Terms.Prepaid,
		Plan:   PlanRef{ID: s.Terms.PlanID, Version: s.Terms.Version, Kind: s.Terms.Kind, Title: r.Title()},
		Left:   s.PrepaidLeft, Until: g.Until, Claimed: g.ClaimedBy != "",
		// A membership needs no address. For parcels the giver's address counts when there is one.
		NeedsPlace: s.Terms.Kind != subscription.Membership && s.AddressID == "",
	}
	return v
}

// opened is a gift for its recipient: with address, dates and benefits on top of what the link
// shows.
func (f *Subscriptions) opened(r *service.Record, replay bool) *GiftOutput {
	s, v := &r.Sub, shown(r)
	v.Opens, v.Closes, v.SkipNext, v.PauseUntil = s.Span.Opens, s.Span.Closes, s.Skip, s.PauseUntil
	v.Benefits = s.InForce(f.Billing.Clock.Now())
	if a, ok := r.Addresses[s.AddressID]; ok {
		v.Address = &a
	}
	out := &GiftOutput{ETag: api.ETag(strconv.Itoa(r.Version)), Body: v}
	// The same request was served before.
	if replay {
		out.Replayed = "true"
	}
	return out
}

// lookInput has the token in the body and not in the path, so that it appears in no access log.
type lookInput struct {
	Body struct {
		Token string `json:"token" minLength:"1" maxLength:"200"`
	}
}

// lookAtGift shows a gift before it is claimed. Possession of the token is the permission.
func (f *Subscriptions) lookAtGift(ctx context.Context, in *lookInput) (*GiftOutput, error) {
	r, err := f.Billing.GiftBy(ctx, in.Body.Token)
	if err != nil {
		return nil, err
	}
	return &GiftOutput{Body: shown(r)}, nil
}

// reportGift is for whoever has the link of the mail: possession of the token is the permission.
func (f *Subscriptions) reportGift(ctx context.Context, in *lookInput) (*struct{}, error) {
	r, err := f.Billing.GiftBy(ctx, in.Body.Token)
	if err != nil {
		return nil, err
	}
	return nil, f.Billing.ReportGift(ctx, r)
}

// GiftReportList is a page of reports.
type GiftReportList struct {
	Body struct {
		Reports    []service.ReportedGift `json:"reports" nullable:"false"`
		NextCursor string                 `json:"nextCursor,omitempty"`
	}
}

func (f *Subscriptions) giftReports(ctx context.Context, in *pageInput) (*GiftReportList, error) {
	all, next, err := f.Billing.GiftReports(ctx, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &GiftReportList{}
	out.Body.Reports, out.Body.NextCursor = all, string(next)
	return out, nil
}

// claimInput has the recipient's own contact data; the giver does not see it.
type claimInput struct {
	Body struct {
		Token    string           `json:"token" minLength:"1" maxLength:"200" doc:"What stands behind the # of the mail's link."`
		Email    string           `json:"email" format:"email" maxLength:"254"`
		Name     string           `json:"name,omitempty" maxLength:"100"`
		Language string           `json:"language" pattern:"^[a-z]{2,3}$" example:"ko"`
		Region   string           `json:"region,omitempty" pattern:"^[A-Z]{2}$" doc:"Country of the recipient; the giver's when missing."`
		Zone     string           `json:"zone,omitempty" maxLength:"64" doc:"IANA time zone of the recipient; the giver's when missing." example:"Asia/Seoul"`
		Address  *address.Address `json:"address,omitempty" doc:"Where parcels go; needed when the giver has named none."`
	}
}

// claimGift makes the caller the recipient. It is idempotent for the same customer without a key:
// claiming twice gives the same gift. Errors: 404, 409, 422, 503.
func (f *Subscriptions) claimGift(ctx context.Context, in *claimInput) (*GiftOutput, error) {
	b := in.Body
	r, err := f.Billing.GiftBy(ctx, b.Token)
	if err != nil {
		return nil, err
	}
	// The region and zone of the giver stay where the recipient names none.
	c := subscription.ClaimGift{CustomerID: auth.From(ctx).Subject, Zone: b.Zone, Region: b.Region}
	if b.Email, err = format.Email("/email", b.Email); err != nil {
		return nil, err
	}
	if _, err := format.Language("/language", b.Language); err != nil {
		return nil, err
	}
	// Empty leaves the giver's country, which was checked when the gift was made.
	if b.Region != "" {
		if _, err := format.Country("/region", b.Region); err != nil {
			return nil, err
		}
	}
	if err := problem.CheckText(b.Name, 0, maxName, "/name"); err != nil {
		return nil, err
	}
	if b.Address != nil {
		if *b.Address, c.AddressID, err = addressOf("/address", *b.Address); err != nil {
			return nil, err
		}
	}
	if b.Name, err = format.DisplayName("/name", b.Name, longestName); err != nil {
		return nil, err
	}
	r, err = f.Billing.Claim(ctx, r, c, service.Contact{Email: b.Email, Name: b.Name, Language: b.Language}, b.Address)
	if err != nil {
		return nil, err
	}
	return f.opened(r, false), nil
}

// GiftList is a page of gifts.
type GiftList struct {
	Body struct {
		Gifts      []GiftSummary `json:"gifts" nullable:"false"`
		NextCursor string        `json:"nextCursor,omitempty"`
	}
}

// GiftSummary is a gift in a list.
type GiftSummary struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	From      string    `json:"from,omitempty"`
	ClaimedAt time.Time `json:"claimedAt"`
}

// myGifts lists the gifts that the caller has accepted. 1 round trip.
func (f *Subscriptions) myGifts(ctx context.Context, in *pageInput) (*GiftList, error) {
	all, next, err := f.Billing.Gifts(ctx, auth.From(ctx).Subject, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &GiftList{}
	out.Body.Gifts, out.Body.NextCursor = make([]GiftSummary, len(all)), string(next)
	for i, g := range all {
		out.Body.Gifts[i] = GiftSummary{ID: g.SubscriptionID, Title: g.Title, From: g.From, ClaimedAt: g.At}
	}
	return out, nil
}

// gift reads one accepted gift. Errors: 404, also for a gift of somebody else.
func (f *Subscriptions) gift(ctx context.Context, in *Which) (*GiftOutput, error) {
	r, err := f.Billing.LoadGift(ctx, in.ID, auth.From(ctx).Subject)
	if err != nil {
		return nil, err
	}
	return f.opened(r, false), nil
}

// changeGiftInput has the changes a recipient may make; the enum repeats recipientDoes.
type changeGiftInput struct {
	Changing
	Body struct {
		Do      string           `json:"do" enum:"skip_next,unskip,change_date,pause,resume,change_address,move"`
		To      civil.Date       `json:"to,omitempty" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"change_date: the next day a period opens."`
		Until   civil.Date       `json:"until,omitempty" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"pause"`
		Address *address.Address `json:"address,omitempty" doc:"change_address"`
		Zone    string           `json:"zone,omitempty" maxLength:"64" doc:"move"`
		Region  string           `json:"region,omitempty" pattern:"^[A-Z]{2}$" doc:"move"`
	}
}

// changeGift applies a change of the recipient. It uses workOut, because work refuses exactly these
// changes for the giver.
func (f *Subscriptions) changeGift(ctx context.Context, in *changeGiftInput) (*GiftOutput, error) {
	r, err := f.Billing.LoadGift(ctx, in.ID, auth.From(ctx).Subject)
	if err != nil {
		return nil, err
	}
	b := in.Body
	want, err := f.workOut(ctx, r,
		SubscriptionChangeRequest{Do: b.Do, To: b.To, Until: b.Until, Address: b.Address, Zone: b.Zone, Region: b.Region})
	if err != nil {
		return nil, err
	}
	after, replay, err := f.apply(ctx, r, in.IfMatch, want)
	if err != nil {
		return nil, err
	}
	return f.opened(after, replay), nil
}

// mailGiftInput has an optional body; without it the mail goes to the same address again.
type mailGiftInput struct {
	Changing
	Body *struct {
		Recipient string `json:"recipient,omitempty" format:"email" maxLength:"254" doc:"Another address than before."`
	}
}

// mailGift announces an unclaimed gift again. The rules limit how often.
func (f *Subscriptions) mailGift(ctx context.Context, in *mailGiftInput) (*SubscriptionOutput, error) {
	command := subscription.MailGift{}
	if in.Body != nil && in.Body.Recipient != "" {
		var err error
		if command.Recipient, err = format.Email("/recipient", in.Body.Recipient); err != nil {
			return nil, err
		}
	}
	return f.do(ctx, in.Changing, func(r *service.Record) (resolvedChange, error) {
		if !r.Sub.Allows(command) || r.Sub.Gift == nil {
			return resolvedChange{command: command}, nil // the rules say why not, before a mail is counted
		}
		// A repetition sends no mail and is not counted as one.
		if _, ok, err := f.servedBefore(ctx); err != nil || ok {
			return resolvedChange{command: command}, err
		}
		err := f.takeGiftMail(ctx, r.Sub.CustomerID, cmp.Or(command.Recipient, r.Sub.Gift.Recipient))
		return resolvedChange{command: command}, err
	})
}

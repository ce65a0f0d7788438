package outreach

import (
	"context"
	_ "embed"

	"dangol/shared/compliance"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/push"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
)

//go:embed worker.js
var worker []byte

// pushRoutes are the routes of web push.
func (f *Outreach) pushRoutes(s *api.Service) {
	public := func(method, path, id, summary, text string, errors ...int) api.Route {
		return route(api.Public, method, "/push"+path, id, summary, text, errors...)
	}
	api.Handle(s, public("GET", "/key", "pushKey", "Key that browsers subscribe with", "The VAPID public key (RFC 8292)."),
		f.pushKey)
	script := public("GET", "/worker.js", "pushWorker", "Service worker for a storefront",
		"Serve it from the storefront's own origin.")
	script.Types = []string{"text/javascript"}
	api.Handle(s, script, f.pushWorker)
	subscribe := public("POST", "/subscriptions", "subscribePush", "A browser agrees to push messages", subscribeText, 404,
		422)
	subscribe.Status = 201
	api.Handle(s, subscribe, f.subscribePush)
	api.Handle(s, public("POST", "/clicks", "clickPush", "A notification was clicked", clickText, 404), f.clickPush)
	api.Handle(s, public("POST", "/unsubscribe", "unsubscribePush", "A browser leaves", "The same again is a success.",
		404), f.unsubscribePush)
}

// subscribeText is the description of subscribePush.
const subscribeText = "Call it after a click on a button of its own that says what will be sent: permission of the " +
	"browser is no consent to " +
	"advertising. token is that of a preferences link, so a browser is tied only to a person who can read their mail. " +
	"The endpoint has to be " +
	"a push service of a browser."

// clickText is the description of clickPush.
const clickText = "The service worker calls it with the token that came in the encrypted message. A second click is " +
	"a success and is counted once."

// PushKeyOutput is the key.
type PushKeyOutput struct {
	Cache string `header:"Cache-Control"`
	Body  struct {
		PublicKey string `json:"publicKey" doc:"applicationServerKey for pushManager.subscribe, base64url."`
	}
}

// pushKey tells the public key; it makes the pair at the first call.
func (f *Outreach) pushKey(ctx context.Context, _ *struct{}) (*PushKeyOutput, error) {
	public, _, err := f.Service.PushKeys(ctx)
	out := &PushKeyOutput{Cache: "public, max-age=3600"}
	out.Body.PublicKey = public
	return out, err
}

// pushWorker serves the service worker's text.
func (f *Outreach) pushWorker(context.Context, *struct{}) (*Page, error) {
	return &Page{Type: "text/javascript; charset=utf-8", Cache: "public, max-age=3600", Body: worker}, nil
}

// SubscribePushInput is one browser, as PushSubscription.toJSON() has it.
type SubscribePushInput struct {
	Body struct {
		Token    string `json:"token" maxLength:"512"`
		Endpoint string `json:"endpoint" maxLength:"1024"`
		Keys     struct {
			P256dh string `json:"p256dh" maxLength:"100"`
			Auth   string `json:"auth" maxLength:"30"`
		} `json:"keys"`
		Night       bool   `json:"night,omitempty" doc:"Agrees also to messages between 21:00 and 08:00."`
		TextVersion string `json:"textVersion" pattern:"^[A-Za-z0-9._-]{1,40}$"`
	}
}

// subscribePush ties a browser to a contact and notes the consent to push.
func (f *Outreach) subscribePush(ctx context.Context, in *SubscribePushInput) (*struct{}, error) {
	b := in.Body
	fields, err := f.verify(ctx, tracking.Preferences, b.Token, 1)
	if err != nil {
		return nil, err
	}
	// The endpoint comes from the client and will be called by us, so its host has to be a push
	// service.
	browser := push.Subscription{Endpoint: b.Endpoint, P256dh: b.Keys.P256dh, Auth: b.Keys.Auth}
	if err := browser.Check(f.Hosts); err != nil {
		return nil, problem.InvalidField("/endpoint", "push_subscription_invalid",
			"a subscription of a browser's push service").Because(err)
	}
	if err := checkTextVersion(b.TextVersion); err != nil {
		return nil, err
	}
	// Erased people cannot come back by an old link.
	if _, err := f.contactOf(ctx, fields[0]); err != nil {
		return nil, err
	}
	_, err = f.Service.AnswerID(ctx, fields[0], consent.Change{
		Channel: compliance.Push, Action: consent.Give, Night: b.Night, At: f.now(), Source: "browser",
		TextVersion: b.TextVersion,
	}, func(c *contact.Contact) { c.Subscribe(browser) })
	return nil, err
}

// ClickPushInput names the message that was clicked.
type ClickPushInput struct {
	Body struct {
		Token string `json:"token" maxLength:"512"`
	}
}

// clickPush counts the click on a notification, for reports, series, segments and the order that may follow.
func (f *Outreach) clickPush(ctx context.Context, in *ClickPushInput) (*struct{}, error) {
	fields, err := f.verify(ctx, tracking.PushClick, in.Body.Token, 1)
	if err != nil {
		return nil, err
	}
	return nil, f.Service.PushClick(ctx, fields[0])
}

// UnsubscribePushInput names a browser.
type UnsubscribePushInput struct {
	Body struct {
		Token    string `json:"token" maxLength:"512"`
		Endpoint string `json:"endpoint" maxLength:"1024"`
	}
}

// unsubscribePush takes a browser off. Consent ends with the last one.
func (f *Outreach) unsubscribePush(ctx context.Context, in *UnsubscribePushInput) (*struct{}, error) {
	fields, err := f.verify(ctx, tracking.Preferences, in.Body.Token, 1)
	if err != nil {
		return nil, err
	}
	c, err := f.contactOf(ctx, fields[0])
	if err != nil {
		return nil, err
	}
	return nil, f.Service.RemoveBrowser(ctx, c.ID, in.Body.Endpoint)
}

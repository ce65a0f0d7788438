package subscriptions

import (
	"context"

	"dangol/shared/compliance"
	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

type consentInput struct {
	Changing
	Body struct {
		NoticeID    string `json:"noticeId" minLength:"1" maxLength:"200" doc:"Of the notice that was shown."`
		Fingerprint string `json:"fingerprint,omitempty" maxLength:"64" doc:"Of the notice that was shown; a yes needs it."`
		Answer      string `json:"answer" enum:"yes,no"`
		Explicit    bool   `json:"explicit" doc:"They chose it themselves; nothing was ticked before."`
		Separate    bool   `json:"separate" doc:"Asked for on its own, not together with other terms."`
		Channel     string `json:"channel,omitempty" enum:"web,app,mail,phone" default:"web"`
	}
}

// NoticeOutput is what has to be shown before a yes.
type NoticeOutput struct {
	Body struct {
		compliance.ConsentNotice
		Fingerprint string `json:"fingerprint" doc:"Send it back with a yes: it says what was shown."`
		Required    bool   `json:"required" doc:"Without a yes the new price does not begin."`
	}
}

// noticeOf fills the question with the words for the way to pay and to cancel.
func noticeOf(r *service.Record) (compliance.ConsentNotice, bool) {
	w := wordsIn(r.Language)
	m := r.Methods[r.Sub.Card.Token]
	effect := w.keeps
	if r.Sub.Ask != nil && (r.Sub.Ask.Kind == compliance.TrialTurnsPaid ||
		r.Sub.Terms.Policy.Silence == subscription.EndsAll) {
		effect = w.ends
	}
	return r.Sub.ConsentNotice(m.Brand+" "+m.Last4, w.cancel, effect)
}

func (f *Subscriptions) notice(ctx context.Context, in *Which) (*NoticeOutput, error) {
	r, err := f.load(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	n, ok := noticeOf(r)
	if !ok {
		return nil, problem.NotFound("nothing_asked", "No consent is being asked for.")
	}
	out := &NoticeOutput{}
	out.Body.ConsentNotice, out.Body.Fingerprint, out.Body.Required = n, n.Fingerprint(), r.Sub.Ask.Required
	return out, nil
}

func (f *Subscriptions) consent(ctx context.Context, in *consentInput) (*SubscriptionOutput, error) {
	return f.do(ctx, in.Changing, func(r *service.Record) (resolvedChange, error) {
		n, ok := noticeOf(r)
		switch {
		case in.Body.Answer == "no":
			return resolvedChange{command: subscription.Refuse{}}, nil
		case ok && (in.Body.NoticeID != n.ID || in.Body.Fingerprint != n.Fingerprint()):
			return resolvedChange{}, problem.Conflict("question_changed",
				"The date or the price is another by now. Please read the notice again.")
		}
		return resolvedChange{command: subscription.Consent{Notice: n, Answer: compliance.ConsentAnswer{
			NoticeID: in.Body.NoticeID, Explicit: in.Body.Explicit, Separate: in.Body.Separate, Channel: in.Body.Channel,
			Origin: api.RequestID(ctx),
		}}}, nil
	})
}

// words are what a notice says about canceling.
type words struct{ cancel, ends, keeps string }

func wordsIn(language string) words {
	if language == "ko" {
		return words{
			cancel: "내 구독 화면에서 언제든지 한 번에 해지할 수 있습니다.",
			ends:   "동의하지 않으면 결제되지 않고 구독이 종료됩니다. 해지하면 남은 기간까지 이용할 수 있습니다.",
			keeps:  "동의하지 않으면 지금 가격이 그대로 유지됩니다. 해지하면 남은 기간까지 이용할 수 있습니다.",
		}
	}
	return words{
		cancel: "Cancel at any time, in one step, on the page of your subscription.",
		ends:   "Without your consent nothing is charged and the subscription ends. After canceling you keep what is paid.",
		keeps:  "Without your consent the present price stays. After canceling you keep what is paid.",
	}
}

package reviews

import (
	"context"

	"dangol/events"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/recovery"
	"dangol/shared/review/store"
)

// oneCase is the path of a case.
const oneCase = "/admin/recovery-cases/{caseId}"

// recoveryRoutes are the routes of cases of unhappy customers.
func (f *Reviews) recoveryRoutes(s *api.Service) {
	const tag = "Recovery"
	api.Handle(s, route(tag, api.Agent, "GET", "/admin/recovery-cases", "listRecoveryCases",
		"List cases of a state, the most urgent first"), f.listCases)
	api.Handle(s, route(tag, api.Agent, "GET", "/admin/recovery-report", "reportRecovery",
		"What the cases opened in a month have come to"), f.caseReport)
	api.Handle(s, route(tag, api.Agent, "GET", "/admin/recovery-templates", "listRecoveryTemplates",
		"Texts to begin an answer with"), f.templates)
	api.Handle(s, route(tag, api.Agent, "GET", oneCase, "getRecoveryCase", "Read a case", 404), f.getCase)
	act := route(tag, api.Agent, "POST", oneCase+"/actions", "actOnRecoveryCase",
		"Assign, answer, offer, resolve or close a case", 404, 409, 503)
	act.Description = "An offer has no condition: one whose text speaks of the review is refused. Three days after a " +
		"case is resolved its author is " +
		"invited once, neutrally, to update the review."
	api.Handle(s, act, f.act)
}

// casesInput is a page of the cases in a state.
type casesInput struct {
	api.Paging
	State string `query:"state" enum:"open,answered,resolved,closed" default:"open"`
}

// casesOutput is a page of cases.
type casesOutput struct {
	Body struct {
		Cases      []recovery.Case `json:"cases"`
		NextCursor string          `json:"nextCursor,omitempty"`
	}
}

// listCases lists the cases in a state, those first whose deadline is next.
func (f *Reviews) listCases(ctx context.Context, in *casesInput) (*casesOutput, error) {
	found, next, err := f.Store.Cases(ctx, recovery.State(in.State), in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &casesOutput{}
	out.Body.Cases, out.Body.NextCursor = append([]recovery.Case{}, found...), string(next)
	return out, nil
}

// MonthInput names a month. Exported because Huma fills only exported embedded structs.
type MonthInput struct {
	Month string `query:"month" required:"true" pattern:"^20[0-9]{2}-(0[1-9]|1[0-2])$" example:"2026-11"`
}

// caseReportOutput is what the cases of a month have come to.
type caseReportOutput struct{ Body recovery.Outcomes }

// caseReport sums up the cases opened in a month.
func (f *Reviews) caseReport(ctx context.Context, in *MonthInput) (*caseReportOutput, error) {
	r, err := f.Store.CaseReport(ctx, in.Month)
	return &caseReportOutput{r}, err
}

// templatesOutput is a list of texts.
type templatesOutput struct {
	Body struct {
		Templates []recovery.Template `json:"templates"`
	}
}

// templates lists texts to begin an answer with.
func (f *Reviews) templates(context.Context, *struct{}) (*templatesOutput, error) {
	out := &templatesOutput{}
	out.Body.Templates = recovery.Templates
	return out, nil
}

// CaseInput names a case. Exported because Huma fills only exported embedded structs.
type CaseInput struct {
	CaseID string `path:"caseId" maxLength:"60" doc:"The id of the review that opened it." example:"rev_01m80674exnpsz0bg9nw68d4b7"`
}

// caseOutput is a case.
type caseOutput struct{ Body *recovery.Case }

// getCase reads a case. 1 round trip.
func (f *Reviews) getCase(ctx context.Context, in *CaseInput) (*caseOutput, error) {
	c, err := f.Store.Case(ctx, in.CaseID)
	if err != nil {
		return nil, err
	}
	return &caseOutput{c}, nil
}

// actInput is one thing to do to a case.
type actInput struct {
	CaseInput
	Body struct {
		Do             string `json:"do" enum:"assign,answer,offer,resolve,close,link"`
		Text           string `json:"text,omitempty" maxLength:"4000" doc:"What the customer reads; for assign the agent's id."`
		Offer          string `json:"offer,omitempty" enum:"refund,exchange,replacement,store_credit" doc:"For offer and resolve."`
		ConversationID string `json:"conversationId,omitempty" maxLength:"60" doc:"For link: the chat that belongs to the case."`
	}
}

// act does one thing to a case. The same text again is answered with the case as it is.
func (f *Reviews) act(ctx context.Context, in *actInput) (*caseOutput, error) {
	by, now := auth.From(ctx).Subject, f.Clock.Now()
	b := in.Body
	text := review.Clean(b.Text)
	var wrong problem.Fields
	// These three are told to somebody: the customer, or the agent who is named.
	addressed := b.Do == "answer" || b.Do == "offer" || b.Do == "assign"
	wrong.Require(text != "" || !addressed, "/text", "required", "text that can be read")
	wrong.Text(text, 0, maxLongText, "/text")
	wrong.OneOf(b.Do, "/do", "assign", "answer", "offer", "resolve", "close", "link")
	wrong.OneOf(b.Offer, "/offer", "", "refund", "exchange", "replacement", "store_credit")
	wrong.Text(b.ConversationID, 0, maxID, "/conversationId")
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	c, err := f.Store.ChangeCase(ctx, in.CaseID, func(c *recovery.Case) (evt event.Body, changed bool, err error) {
		// A second mail with the same text must not go out.
		if repeated(c, by, b.Do, text, recovery.OfferKind(b.Offer)) {
			return nil, false, nil
		}
		switch b.Do {
		case "assign":
			err = c.Assign(text, by, now)
		case "answer":
			err = c.Answer(text, by, now)
			evt = events.RecoveryAnswered{RecoveryRef: store.CaseRef(c), Text: text}
		case "offer":
			err = c.MakeOffer(recovery.OfferKind(b.Offer), text, by, now)
			evt = events.RecoveryAnswered{RecoveryRef: store.CaseRef(c), Text: text, Offer: b.Offer}
		case "resolve":
			err = c.Resolve(recovery.OfferKind(b.Offer), text, by, now)
			evt = events.RecoveryResolved{RecoveryRef: store.CaseRef(c), Resolution: b.Offer, ResolvedAt: now}
		case "close":
			err = c.Close(text, by, now)
		case "link":
			// Linking changes nothing for the customer, so it has neither an entry nor an event.
			c.ConversationID = b.ConversationID
		}
		return evt, true, err
	})
	if err != nil {
		return nil, err
	}
	return &caseOutput{c}, nil
}

// repeated reports whether the last thing in the case is what is asked for: a request whose answer was lost.
func repeated(c *recovery.Case, by, do, text string, offer recovery.OfferKind) bool {
	what := map[string]string{"assign": "assigned", "answer": "answered", "offer": "offered", "resolve": "resolved",
		"close": "closed"}[do]
	// Linking again changes nothing anyway.
	if what == "" || len(c.Log) == 0 {
		return false
	}
	last := c.Log[len(c.Log)-1]
	return last.What == what && last.By == by && last.Text == text && last.Offer == offer
}

// answeredInPublic notes a public reply in the case of a review, if there is one.
func (f *Reviews) answeredInPublic(ctx context.Context, reviewID, text, by string) error {
	_, err := f.Store.ChangeCase(ctx, reviewID, func(c *recovery.Case) (event.Body, bool, error) {
		// A closed case stays closed when the shop answers later in public.
		if c.State == recovery.Closed || repeated(c, by, "answer", text, "") {
			return nil, false, nil
		}
		return nil, true, c.Answer(text, by, f.Clock.Now())
	})
	// Most reviews have no case.
	if problem.Code(err) == "case_not_found" {
		return nil
	}
	return err
}

// maxID is how long the id of a conversation may be.
const maxID = 60

package subscriptions

import (
	"context"
	"slices"
	"strconv"

	"dangol/shared/platform/api"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// PlanDocument is a plan as merchants write and read it. Amounts are minor units, by currency.
type PlanDocument struct {
	ID        string                 `json:"id,omitempty" readOnly:"true" example:"plan_01k9x7d3f8q7m2k"`
	Version   int                    `json:"version,omitempty" readOnly:"true"`
	Archived  bool                   `json:"archived,omitempty" readOnly:"true" doc:"Not offered any more."`
	Kind      subscription.Kind      `json:"kind" enum:"membership,box,replenishment"`
	Name      map[string]string      `json:"name" doc:"By language tag." example:"{\"ko\":\"단골 멤버십\"}"`
	Interval  subscription.Interval  `json:"interval"`
	Prices    map[string]int64       `json:"prices" doc:"Of one unit and one cycle." example:"{\"KRW\":9900}"`
	SetupFees map[string]int64       `json:"setupFees,omitempty"`
	Tax       subscription.Tax       `json:"tax"`
	TrialDays int                    `json:"trialDays,omitempty" maximum:"366"`
	MinCycles int                    `json:"minCycles,omitempty" doc:"Paid cycles before a cancellation takes effect."`
	Prepaid   int                    `json:"prepaid,omitempty" doc:"Cycles paid at once."`
	Several   bool                   `json:"several,omitempty" doc:"A customer may have the membership more than once at a time."`
	Benefits  *subscription.Benefits `json:"benefits,omitempty"`
	Contents  []subscription.Item    `json:"contents,omitempty" doc:"What a replenishment sends."`
	Editions  []subscription.Edition `json:"editions,omitempty" doc:"What a box holds, by the day its cycle opens."`
	Policy    *PolicyDocument        `json:"policy,omitempty" doc:"How it is followed up; defaults where left out."`
}

// PolicyDocument is a plan's policy.
type PolicyDocument struct {
	Silence     subscription.Silence      `json:"silence,omitempty" enum:"keep,end" doc:"What no answer to a price rise means."`
	AlwaysAsk   bool                      `json:"alwaysAsk,omitempty" doc:"Asks for consent also where the law does not."`
	AskDays     []int                     `json:"askDays,omitempty" doc:"Days before the change on which consent is asked for; 14, 7 and 2 by default."`
	RenewalDays int                       `json:"renewalDays,omitempty" doc:"Days before a renewal its notice goes out where no law says; -1 is never. 3 by default."`
	NoticeHour  int                       `json:"noticeHour,omitempty" doc:"Local hour of notices and retries; 10 by default."`
	Dunning     *subscription.Dunning     `json:"dunning,omitempty"`
	Stock       *subscription.StockPolicy `json:"stock,omitempty"`
	Substitutes []subscription.Item       `json:"substitutes,omitempty" doc:"Sent instead when a cycle's goods are out."`
	Offers      []subscription.Offer      `json:"offers,omitempty" doc:"Made to those who have canceled, in the answer to it; five at most."`
}

// plan makes the domain plan from the document. The optional parts are pointers in the document and
// values in the domain, where zero means the default.
func (d PlanDocument) plan(id string) subscription.Plan {
	p := subscription.Plan{
		ID: id, Kind: d.Kind, Name: d.Name, Interval: d.Interval, Prices: d.Prices, SetupFees: d.SetupFees, Tax: d.Tax,
		TrialDays: d.TrialDays, MinCycles: d.MinCycles, Prepaid: d.Prepaid, Several: d.Several, Contents: d.Contents,
		Editions: d.Editions,
	}
	if d.Benefits != nil {
		p.Benefits = *d.Benefits
	}
	if o := d.Policy; o != nil {
		p.Policy = subscription.Policy{
			Silence: o.Silence, AlwaysAskConsent: o.AlwaysAsk, ConsentDays: o.AskDays, RenewalDays: o.RenewalDays,
			NoticeHour:  o.NoticeHour,
			Substitutes: o.Substitutes, Offers: o.Offers,
		}
		if o.Dunning != nil {
			p.Policy.Dunning = *o.Dunning
		}
		if o.Stock != nil {
			p.Policy.Stock = *o.Stock
		}
	}
	return p
}

// planDocument is the reverse: it shows the policy with the defaults that are in force.
func planDocument(p subscription.Plan, archived bool) PlanDocument {
	o := p.Policy
	return PlanDocument{
		ID: p.ID, Version: p.Version, Archived: archived, Kind: p.Kind, Name: p.Name, Interval: p.Interval, Prices: p.Prices,
		SetupFees: p.SetupFees, Tax: p.Tax, TrialDays: p.TrialDays, MinCycles: p.MinCycles, Prepaid: p.Prepaid,
		Several:  p.Several,
		Benefits: &p.Benefits,
		Contents: p.Contents, Editions: p.Editions, Policy: &PolicyDocument{
			Silence: o.Silence, AlwaysAsk: o.AlwaysAskConsent, AskDays: o.ConsentDays, RenewalDays: o.RenewalDays,
			NoticeHour: o.NoticeHour,
			Dunning:    &o.Dunning, Stock: &o.Stock, Substitutes: o.Substitutes, Offers: o.Offers,
		},
	}
}

// PlanOutput is one plan.
type PlanOutput struct {
	ETag     string `header:"ETag" doc:"The version, for If-Match."`
	Replayed string `header:"Idempotent-Replayed"`
	Body     PlanDocument
}

// planOutput answers with the version as ETag: a plan is replaced by versions.
func planOutput(p *service.Plan) *PlanOutput {
	return &PlanOutput{ETag: api.ETag(strconv.Itoa(p.Version)), Body: planDocument(p.Plan, p.Archived)}
}

// PlanList is a page of plans.
type PlanList struct {
	Body struct {
		Plans      []PlanDocument `json:"plans" nullable:"false"`
		NextCursor string         `json:"nextCursor,omitempty"`
	}
}

// pageInput is a page of any list.
type pageInput struct{ api.Paging }

// allPlans is every plan with everything, for the shop; archived ones too.
func (f *Subscriptions) allPlans(ctx context.Context, in *pageInput) (*PlanList, error) {
	cards, next, err := f.Billing.Plans(ctx, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &PlanList{}
	out.Body.Plans, out.Body.NextCursor = []PlanDocument{}, string(next)
	for _, c := range cards {
		out.Body.Plans = append(out.Body.Plans, planDocument(c.Plan, c.Archived))
	}
	return out, nil
}

// PlanPath names a plan.
type PlanPath struct {
	PlanID string `path:"planId" maxLength:"64" example:"plan_01k9x7d3f8q7m2k"`
}

// plan reads the latest version of a plan, also of an archived one: subscribers still have it.
func (f *Subscriptions) plan(ctx context.Context, in *PlanPath) (*PlanOutput, error) {
	p, err := f.Billing.Plan(ctx, in.PlanID)
	if err != nil {
		return nil, err
	}
	return planOutput(p), nil
}

// createPlanInput is a new plan.
type createPlanInput struct{ Body PlanDocument }

// createPlan stores the first version of a plan. 1 transaction.
func (f *Subscriptions) createPlan(ctx context.Context, in *createPlanInput) (*PlanOutput, error) {
	p := &service.Plan{Plan: in.Body.plan(id.New(service.PlanPrefix, f.Billing.Clock.Now()))}
	keyed := api.Idempotency(ctx)
	var extra []table.Write
	// The answer to the idempotency key is stored in the same transaction as the plan, so a repeat
	// never makes a second plan.
	if keyed.Keyed() {
		done, err := keyed.AnswerWrite(map[string]string{"id": p.ID})
		if err != nil {
			return nil, err
		}
		extra = append(extra, done)
	}
	err := f.Billing.SavePlan(ctx, p, 0, extra...)
	// The write of the answer is the first in the transaction; its refusal means that the key was
	// used before.
	if refused, ok := table.Refused(err); ok && keyed.Keyed() && refused.Refused(0) {
		var made struct{ ID string }
		if err := keyed.Replay(refused.Reasons[0].Item, &made); err != nil {
			return nil, err
		}
		// The plan is read as it is now: the stored answer holds only its id.
		out, err := f.plan(ctx, &PlanPath{PlanID: made.ID})
		if err == nil {
			out.Replayed = "true"
		}
		return out, err
	}
	if err != nil {
		return nil, err
	}
	return planOutput(p), nil
}

// replacePlanInput is a whole plan: there is no partial change of a plan.
type replacePlanInput struct {
	PlanPath
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag of the version that the change is meant for."`
	Body    PlanDocument
}

// fresh returns 412 unless If-Match names the version that is stored.
func fresh(p *service.Plan, ifMatch string) error {
	if !api.Matches(ifMatch, strconv.Itoa(p.Version)) {
		return problem.Precondition("version_mismatch", "The plan has changed since you read it.").With("version", p.Version)
	}
	return nil
}

// replacePlan stores a further version. Those who subscribed keep their version until propose
// brings them the new price.
func (f *Subscriptions) replacePlan(ctx context.Context, in *replacePlanInput) (*PlanOutput, error) {
	p, err := f.Billing.Plan(ctx, in.PlanID)
	if err != nil {
		return nil, err
	}
	if err := fresh(p, in.IfMatch); err != nil {
		return nil, err
	}
	read := p.Version
	// A new version puts an archived plan on offer again.
	p.Plan, p.Archived = in.Body.plan(p.ID), false
	if err := f.Billing.SavePlan(ctx, p, read); err != nil {
		return nil, err
	}
	return planOutput(p), nil
}

// archivePlanInput names the version that is meant.
type archivePlanInput struct {
	PlanPath
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag of the version that is meant."`
}

// archivePlan takes a plan off the list. It is idempotent and does not touch subscribers.
func (f *Subscriptions) archivePlan(ctx context.Context, in *archivePlanInput) (*PlanOutput, error) {
	p, err := f.Billing.Plan(ctx, in.PlanID)
	if err != nil {
		return nil, err
	}
	if err := fresh(p, in.IfMatch); err != nil {
		return nil, err
	}
	if !p.Archived {
		read := p.Version
		p.Archived = true
		if err := f.Billing.SavePlan(ctx, p, read); err != nil {
			return nil, err
		}
	}
	return planOutput(p), nil
}

// proposeInput is one page of subscribers; a request handles a page only, to stay within the
// timeout of the function.
type proposeInput struct {
	PlanPath
	api.Paging
	Body struct {
		From civil.Date `json:"from" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"Not before this day." example:"2027-01-01"`
	}
}

// ProposeOutput is what became of a page of subscribers.
type ProposeOutput struct {
	Body struct {
		Proposed   int    `json:"proposed" doc:"Subscriptions that the latest price was brought to."`
		Skipped    int    `json:"skipped" doc:"Ended, canceled or unpaid ones, and those that have it."`
		NextCursor string `json:"nextCursor,omitempty" doc:"Go on with it until it is missing."`
	}
}

// propose brings the latest price to one page of subscribers. It can be repeated: subscribers who
// have the version, or are being asked about it, are skipped.
func (f *Subscriptions) propose(ctx context.Context, in *proposeInput) (*ProposeOutput, error) {
	p, err := f.Billing.Plan(ctx, in.PlanID)
	if err != nil {
		return nil, err
	}
	out := &ProposeOutput{}
	ids, next, err := f.Billing.SubscribersOf(ctx, p.ID, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	for _, subscriber := range ids {
		done, err := f.proposeTo(ctx, subscriber, p, in.Body.From)
		if err != nil {
			return nil, err
		}
		if done {
			out.Body.Proposed++
		} else {
			out.Body.Skipped++
		}
	}
	out.Body.NextCursor = string(next)
	return out, nil
}

// proposeTo brings the price to one subscriber. done is false when the subscriber has it already,
// is being asked about it, or is in a state that allows no change. 2 round trips.
func (f *Subscriptions) proposeTo(ctx context.Context, id string, p *service.Plan, from civil.Date) (bool,
	error) {
	r, err := f.Billing.Load(ctx, id)
	if err != nil {
		return false, err
	}
	done := false
	_, _, err = f.Billing.Apply(ctx, r, func(r *service.Record) (service.Change, bool, error) {
		terms, err := p.Terms(r.Sub.Terms.Currency, r.Sub.Terms.Quantity)
		// Asked already, or the version is planned for the next payment.
		requested := r.Sub.ConsentRequest != nil && r.Sub.ConsentRequest.Version >= p.Version || r.Sub.Next != nil &&
			r.Sub.Next.PlanID == p.ID && r.Sub.Next.Version >= p.Version
		if err != nil || requested || r.Sub.Terms.Version >= p.Version {
			return service.Change{}, false, nil
		}
		propose := subscription.Propose{Version: p.Version, Price: terms.Price, TaxBP: terms.TaxBP, From: from}
		// Who has chosen other goods than the plan's pays for those.
		if contents := r.Sub.ComingContents(); !slices.Equal(contents, p.Contents) {
			price, unpriced, err := f.contentsPrice(ctx, p, terms, contents)
			// Goods that are not sold any more have no price that could be brought to anybody.
			if err != nil || unpriced >= 0 {
				return service.Change{}, false, err
			}
			propose.Price = price
		}
		done = true
		return service.Change{Command: propose}, true, nil
	})
	// The state does not allow a change now (canceled, unpaid): skipped, and reported as such, so
	// that one subscriber does not stop the whole page.
	if prob := problem.From(err); err != nil && prob.Status == 409 {
		return false, nil
	}
	return done && err == nil, err
}

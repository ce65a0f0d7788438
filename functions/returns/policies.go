package returns

import (
	"cmp"
	"context"
	"slices"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/platform/api"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/returnpolicy"
)

// Policies keeps the versions of the return policy.
type Policies struct {
	Table *table.Table
	Clock clock.Clock
}

// policyRecord is one version: one item. Versions are never changed.
type policyRecord struct {
	table.Key
	Version  int                              `dynamodbav:"version"`
	From     time.Time                        `dynamodbav:"from"`
	Sections table.List[returnpolicy.Section] `dynamodbav:"sections"`
	By       string                           `dynamodbav:"by"`
	Note     string                           `dynamodbav:"note,omitempty"`
	MadeAt   time.Time                        `dynamodbav:"madeAt"`
}

// policyPK is the partition of all versions; they are few and always read together.
const policyPK = "RETURN-POLICY"

// policyKey is the key of a version, with zeros in front so that versions sort by number.
func policyKey(version int) table.Key {
	const digits = 6
	n := []byte("VERSION#000000")
	for i := range digits {
		n[len(n)-1-i] = byte('0' + version%10)
		version /= 10
	}
	return table.Key{PK: policyPK, SK: string(n)}
}

// All reads every version, the default one first. 1 round trip, 1 RCU per 4 KB.
func (s Policies) All(ctx context.Context) ([]returnpolicy.Policy, error) {
	// The default is built in, so a shop without a policy of its own has one that the law allows.
	first, err := returnpolicy.Default()
	if err != nil {
		return nil, err
	}
	all := []returnpolicy.Policy{first}
	// Strongly consistent: a quote right after a publication must not use the old version.
	err = s.Table.All(ctx, table.Query{
		Where: "#pk = :pk", With: map[string]any{":pk": policyPK}, Strong: true,
	}, func(item table.Item) error {
		var r policyRecord
		if err := item.Decode(&r); err != nil {
			return err
		}
		all = append(all, returnpolicy.Policy{Version: r.Version, From: r.From, Sections: r.Sections})
		return nil
	})
	return all, err
}

// maxPolicies bounds the versions, which are read together.
const maxPolicies = 500

// Publish stores a policy as the next version. 2 round trips. Errors: 409 policy_changed when somebody else published
// one, too_many_policies.
func (s Policies) Publish(ctx context.Context, p returnpolicy.Policy, by, note string) (returnpolicy.Policy, error) {
	if err := problem.CheckText(note, 0, maxReason, "/note"); err != nil {
		return p, err
	}
	all, err := s.All(ctx)
	if err != nil {
		return p, err
	}
	// The built-in one is among them.
	if len(all) > maxPolicies {
		return p, problem.Conflict("too_many_policies", "There are %d versions; that is all there can be.", maxPolicies)
	}
	newest := slices.MaxFunc(all, func(a, b returnpolicy.Policy) int { return cmp.Compare(a.Version, b.Version) })
	p.Version = newest.Version + 1
	err = s.Table.Put(ctx, table.Put{If: table.IfNew, Item: policyRecord{ // of two who publish at once one wins
		Key: policyKey(p.Version), Version: p.Version, From: p.From, Sections: p.Sections, By: by, Note: note,
		MadeAt: s.Clock.Now(),
	}})
	if _, failed := table.Failed(err); failed {
		return p, problem.Conflict("policy_changed", "Somebody else has published a version; read it first.")
	}
	return p, err
}

// policyInput chooses the country.
type policyInput struct {
	Country string `query:"country" pattern:"^[A-Za-z]{2}$" default:"KR" doc:"Of the customer; ISO 3166." example:"KR"`
}

// PolicyView is the policy for customers in a country.
type PolicyView struct {
	Version int                  `json:"version"`
	From    time.Time            `json:"from"`
	Country string               `json:"country"`
	Section returnpolicy.Section `json:"policy"`
	Law     Law                  `json:"law"`
	Text    map[string]string    `json:"text" doc:"The policy as plain text, by language: ko and en."`
}

// Law is what the law of a country gives at the least.
type Law struct {
	WithdrawalDays     int               `json:"withdrawalDays" doc:"After receipt, for any reason; 0 is no such right."`
	FaultMonths        int               `json:"faultMonths"`
	RefundBusinessDays int               `json:"refundBusinessDays,omitempty" doc:"After the goods are back."`
	RefundDays         int               `json:"refundDays,omitempty"`
	Function           map[string]string `json:"withdrawalFunction,omitempty" doc:"Label of the withdrawal function that the storefront has to show, by language."`
	Source             string            `json:"source"`
}

// policyOutput is the policy for a country.
type policyOutput struct {
	Caching string `header:"Cache-Control"`
	Body    PolicyView
}

// policy serves the policy in force for customers in a country.
func (f *Returns) policy(ctx context.Context, in *policyInput) (*policyOutput, error) {
	p, err := f.inForce(ctx)
	if err != nil {
		return nil, err
	}
	law := compliance.ReturnRuleFor(in.Country)
	// Everybody gets the same, so it may be cached; a minute is how late a new version may appear.
	return &policyOutput{Caching: "public, max-age=60", Body: PolicyView{
		Version: p.Version, From: p.From, Country: in.Country, Section: p.Section(in.Country),
		Law: Law{
			WithdrawalDays: law.WithdrawalDays, FaultMonths: law.FaultMonths, RefundBusinessDays: law.RefundBusinessDays,
			RefundDays: law.RefundDays, Function: law.Function, Source: law.Source,
		},
		Text: map[string]string{"ko": p.Text(in.Country, "ko"), "en": p.Text(in.Country, "en")},
	}}, nil
}

// inForce is the version that orders are sold under now.
func (f *Returns) inForce(ctx context.Context) (returnpolicy.Policy, error) {
	all, err := f.Policies.All(ctx)
	if err != nil {
		return returnpolicy.Policy{}, err
	}
	p, _ := returnpolicy.InForce(all, f.Clock.Now())
	return p, nil
}

// policyTextInput chooses country and language.
type policyTextInput struct {
	Country  string `query:"country" pattern:"^[A-Za-z]{2}$" default:"KR" doc:"Of the customer; ISO 3166."`
	Language string `query:"language" enum:"ko,en" default:"ko"`
}

// textOutput is plain text.
type textOutput struct {
	Type    string `header:"Content-Type"`
	Caching string `header:"Cache-Control"`
	Body    []byte
}

// policyText serves the policy as plain text.
func (f *Returns) policyText(ctx context.Context, in *policyTextInput) (*textOutput, error) {
	p, err := f.inForce(ctx)
	if err != nil {
		return nil, err
	}
	return &textOutput{
		Type: "text/plain; charset=utf-8", Caching: "public, max-age=60", Body: []byte(p.Text(in.Country, in.Language)),
	}, nil
}

// policiesOutput are all versions.
type policiesOutput struct {
	Caching string `header:"Cache-Control"`
	Body    struct {
		Policies []PolicyVersion `json:"policies" nullable:"false" doc:"Every version, the oldest first; version 0 is built in."`
	}
}

// policies lists the versions, those to come too.
func (f *Returns) policies(ctx context.Context, _ *struct{}) (*policiesOutput, error) {
	all, err := f.Policies.All(ctx)
	out := &policiesOutput{Caching: caching}
	for _, p := range all {
		out.Body.Policies = append(out.Body.Policies, PolicyVersion(p))
	}
	return out, err
}

// publishInput is a version to publish.
type publishInput struct {
	DryRun bool `query:"dryRun" doc:"Only check it against the law; publish nothing."`
	Body   struct {
		From     *time.Time             `json:"from,omitempty" doc:"When it comes into force; now when left out. Not in the past: orders keep the policy they were sold under."`
		Sections []returnpolicy.Section `json:"sections" minItems:"1" maxItems:"40"`
		Note     string                 `json:"note,omitempty" maxLength:"500"`
	}
}

// PolicyVersion is one version of the return policy.
type PolicyVersion returnpolicy.Policy

// publishOutput is the version as published.
type publishOutput struct {
	Status int
	Replay string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body   PolicyVersion
}

// publish checks a policy and stores it as the next version, once for each key. Errors: 422 with the law behind each
// field.
func (f *Returns) publish(ctx context.Context, in *publishInput) (*publishOutput, error) {
	if in.DryRun {
		p, err := f.lawful(in)
		if err != nil {
			return nil, err
		}
		return &publishOutput{Status: 200, Body: PolicyVersion(p)}, nil
	}
	// Checked inside the guard: the day on which it comes into force may have come since the first request.
	made, replayed, err := idempotency.Guard(ctx, f.Policies.Table, api.Idempotency(ctx), func() (PolicyVersion, error) {
		p, err := f.lawful(in)
		if err != nil {
			return PolicyVersion{}, err
		}
		p, err = f.Policies.Publish(ctx, p, subject(ctx), in.Body.Note)
		return PolicyVersion(p), err
	})
	if err != nil {
		return nil, err
	}
	out := &publishOutput{Status: 201, Body: made}
	if replayed {
		out.Replay = "true"
	}
	return out, nil
}

// lawful is the policy of a request, which starts now when it names no time. Errors: 422 for a time in the past, and
// with the law behind each field.
func (f *Returns) lawful(in *publishInput) (p returnpolicy.Policy, err error) {
	now := f.Clock.Now()
	p = returnpolicy.Policy{From: now, Sections: in.Body.Sections}
	if in.Body.From != nil {
		p.From = in.Body.From.UTC()
	}
	if p.From.Before(now) {
		// An order was sold under the policy that was in force; it must not change afterwards.
		return p, problem.InvalidField("/from", "too_small", "not in the past")
	}
	if issues := p.Validate(); len(issues) > 0 {
		return p, illegal(issues)
	}
	return p, nil
}

// illegal names each field that is wrong, with the law that says so.
func illegal(issues []returnpolicy.Issue) error {
	fields := make([]problem.Field, len(issues))
	for i, issue := range issues {
		detail := issue.Detail
		if issue.Rule != "" {
			detail += " (" + issue.Rule + ")"
		}
		fields[i] = problem.Field{Pointer: issue.Pointer, Code: issue.Code, Message: detail}
	}
	return problem.Invalid(fields...)
}

package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// PlanPrefix begins plan ids.
const PlanPrefix = "plan"

// Plan is a plan as it is offered: its latest version.
type Plan struct {
	subscription.Plan
	Archived  bool      `json:"archived,omitempty"` // not offered any more
	UpdatedAt time.Time `json:"updatedAt"`
}

// PlanCard is what the list of plans shows.
type PlanCard struct {
	subscription.Plan
	Archived bool `json:"archived,omitempty"`
}

// planItem is a version of a plan as stored. Only the latest has the list's index keys; the others
// never change.
type planItem struct {
	table.Key
	Plan    table.Packed[Plan]      `dynamodbav:"plan"`
	Version int                     `dynamodbav:"version"` // for the condition that it is the one that was read
	List    string                  `dynamodbav:"gsi1pk,omitempty"`
	ListAt  string                  `dynamodbav:"gsi1sk,omitempty"`
	Card    *table.Packed[PlanCard] `dynamodbav:"card,omitempty"`
}

// planList is one index key for all plans: a shop has a few dozen.
const planList = "PLANS"

// versionKey is the key of one version. Zeros make text order the order of numbers.
func versionKey(id string, version int) table.Key {
	return table.Key{PK: "PLAN#" + id, SK: fmt.Sprintf("VERSION#%05d", version)}
}

// planNotFound is the answer for a plan that is not there or not offered.
func planNotFound() error { return problem.NotFound("plan_not_found", "There is no such plan.") }

// Plan reads the latest version of a plan, strongly consistent. 1 round trip. Errors: 404 plan_not_found.
func (s *Service) Plan(ctx context.Context, id string) (*Plan, error) {
	var stored planItem
	err := s.Table.Get(ctx, subscription.PlanKey(id), &stored)
	if errors.Is(err, table.ErrNotFound) {
		return nil, planNotFound()
	}
	return &stored.Plan.Value, err
}

// Plans lists plans in the order of their ids, archived ones too. 1 round trip, 0.5 RCU per 4 KB. Errors:
// table.ErrCursor.
func (s *Service) Plans(ctx context.Context, limit int, after table.Cursor) ([]PlanCard, table.Cursor, error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :list", With: map[string]any{":list": planList}, Limit: limit, After: after,
	})
	if err != nil {
		return nil, "", err
	}
	out := make([]PlanCard, len(page.Items))
	for i, item := range page.Items {
		var in struct {
			Card table.Packed[PlanCard] `dynamodbav:"card"`
		}
		if err := item.Decode(&in); err != nil {
			return nil, "", err
		}
		out[i] = in.Card.Value
	}
	return out, page.Next, nil
}

// SavePlan stores a plan as the version after the one that was read (0 for a plan to be made). 1 transaction of 2 or 3
// writes. With extra, further writes, whose refusals the caller reads from the error; they come first. Errors:
// invalid_input for a wrong plan, 412 version_mismatch.
func (s *Service) SavePlan(ctx context.Context, p *Plan, read int, extra ...table.Write) error {
	p.Version = read + 1
	if err := p.Check(); err != nil {
		return err
	}
	// Only the existence of variants is checked here; whether there is stock is decided for each
	// cycle.
	if err := s.checkPlanVariants(ctx, p.Plan); err != nil {
		return err
	}
	p.UpdatedAt = s.Clock.Now()
	// Two items: the version as a record that never changes, and a copy that is read as the latest.
	kept := planItem{Key: versionKey(p.ID, p.Version), Plan: table.Packed[Plan]{Value: *p}, Version: p.Version}
	latest := kept
	latest.Key, latest.List, latest.ListAt = subscription.PlanKey(p.ID), planList, p.ID
	latest.Card = &table.Packed[PlanCard]{Value: PlanCard{Plan: p.Plan, Archived: p.Archived}}
	head := table.Put{Item: latest, If: table.IfNew}
	// Two merchants who edit the same version must not both succeed.
	if read > 0 {
		head = table.Put{Item: latest, If: "#version = :read", With: map[string]any{":read": read}}
	}
	// The extra writes come first, because the caller reads their refusals by position.
	writes := append(extra[:len(extra):len(extra)], head, table.Put{Item: kept, If: table.IfNew})
	err := s.Table.Transact(ctx, s.token(), writes...)
	if refused, ok := table.Refused(err); ok && refused.Refused(len(extra)) {
		return problem.Precondition("version_mismatch", "The plan has changed since you read it.")
	}
	return err
}

// checkPlanVariants returns a problem when the plan sends a variant that the shop does not have.
func (s *Service) checkPlanVariants(ctx context.Context, p subscription.Plan) error {
	where := map[string]string{}
	note := func(pointer string, items []subscription.Item) {
		for i, it := range items {
			where[it.VariantID] = fmt.Sprintf("%s/%d/variantId", pointer, i)
		}
	}
	note("/contents", p.Contents)
	note("/policy/substitutes", p.Policy.Substitutes)
	for i, e := range p.Editions {
		note(fmt.Sprintf("/editions/%d/contents", i), e.Contents)
	}
	return s.checkVariants(ctx, where)
}

// checkVariants returns a problem that points at each variant which is not for sale; where has the
// pointers by variant. 1 round trip, from the cache.
func (s *Service) checkVariants(ctx context.Context, where map[string]string) error {
	if len(where) == 0 {
		return nil
	}
	ids := make([]string, 0, len(where))
	for id := range where {
		ids = append(ids, id)
	}
	variants, err := s.Catalog.Variants(ctx, ids)
	if err != nil {
		return err
	}
	var wrong []problem.Field
	for _, id := range ids {
		if g, ok := variants[id]; !ok || g.Product.Status == catalog.Archived {
			wrong = append(wrong, problem.Field{Pointer: where[id], Code: "unknown_variant", Message: "no variant of this shop"})
		}
	}
	if len(wrong) > 0 {
		return problem.Invalid(wrong...)
	}
	return nil
}

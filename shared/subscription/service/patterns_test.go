package service_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/shared/invoice"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
	"dangol/shared/subscription/report"
	"dangol/shared/subscription/service"
)

// quiet makes a plan announce no renewal: what is due is the renewal and nothing else.
func quiet(p *subscription.Plan) { p.Policy.RenewalDays = -1 }

func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	w := calm(t)
	plan := w.CreatePlan(quiet)
	r := subscribed(t, w, plan, "pm_card_visa")
	id, s := r.Sub.ID, w.Unfaulted
	s.Metrics = metrics.New(io.Discard, w.Clock, nil)
	w.Clock.MoveTo(r.Sub.Due)
	jobsOf(t, w)
	many := dueAtOnce(t, fault.New(fault.Plan{}), 10, quiet)
	jobs := jobsOf(t, many)
	query := report.Query{Currency: "KRW", From: testshop.Noon, To: w.Clock.Now(), Days: 31}
	reports := report.Reports{Service: s}
	if err := reports.Request(t.Context(), query); err != nil {
		t.Fatal(err)
	}
	ignore := func(_ any, _ table.Cursor, err error) error { return err }
	runs := map[string]func(context.Context) error{
		"read a plan":    func(ctx context.Context) error { _, err := s.Plan(ctx, plan.ID); return err },
		"list the plans": func(ctx context.Context) error { p, c, err := s.Plans(ctx, 20, ""); return ignore(p, c, err) },
		"store a version of a plan": func(ctx context.Context) error {
			next := *plan
			return s.SavePlan(ctx, &next, 1)
		},
		"read a subscription": func(ctx context.Context) error { _, err := s.Load(ctx, id); return err },
		"a customer's subscriptions, newest first": func(ctx context.Context) error {
			p, c, err := s.OfCustomer(ctx, r.Sub.CustomerID, 20, "")
			return ignore(p, c, err)
		},
		"every subscription, for the merchant's figures": func(ctx context.Context) error {
			return s.Every(ctx, func(service.Summary) error { return nil })
		},
		"whether a recipient has reported a sender's gift": func(ctx context.Context) error {
			_, err := s.GiftReported(ctx, "cus_1", "min@example.com")
			return err
		},
		"report a gift": func(ctx context.Context) error {
			given := *r
			given.Sub.Gift = &subscription.Gift{Recipient: "min@example.com"}
			return s.ReportGift(ctx, &given)
		},
		"list reported gifts, newest first": func(ctx context.Context) error {
			p, c, err := s.GiftReports(ctx, 20, "")
			return ignore(p, c, err)
		},
		"search subscriptions by plan": func(ctx context.Context) error {
			p, c, err := s.Search(ctx, service.SearchQuery{PlanID: plan.ID, Limit: 20})
			return ignore(p, c, err)
		},
		"the invoices of a subscription, newest first": func(ctx context.Context) error {
			p, c, err := s.Documents().Of(ctx, id, 20, "")
			return ignore(p, c, err)
		},
		"one year's book of invoices": func(ctx context.Context) error {
			return s.Documents().Book(ctx, invoice.Invoices, testshop.Noon.Year(), func(invoice.BookEntry) error { return nil })
		},
		"the refunds of a subscription, newest first": func(ctx context.Context) error {
			p, c, err := s.Refunds(ctx, id, 20, "")
			return ignore(p, c, err)
		},
		"refunds that were refused, oldest first": func(ctx context.Context) error {
			p, c, err := s.OpenRefunds(ctx, 20, "")
			return ignore(p, c, err)
		},
		"the credit note of a number": func(ctx context.Context) error {
			_,
				err := s.Documents().Find(ctx, "CN-2026-000001")
			return err
		},
		"the gifts a customer has claimed": func(ctx context.Context) error {
			p, c, err := s.Gifts(ctx, r.Sub.CustomerID, 20, "")
			return ignore(p, c, err)
		},
		"account credit that no subscription holds": func(ctx context.Context) error {
			_, err := s.AccountCredit(ctx, r.Sub.CustomerID)
			return err
		},
		"read the merchant's figures that were added up": func(ctx context.Context) error {
			_, err := reports.Get(ctx, query)
			return err
		},
		"have the merchant's figures added up": func(ctx context.Context) error {
			return reports.Request(ctx, report.Query{Currency: "KRW", From: testshop.Noon, To: w.Clock.Now(), Days: 40})
		},
		"what memberships a customer has": func(ctx context.Context) error {
			entitlements, err := s.Entitlements(ctx, r.Sub.CustomerID)
			if len(entitlements) != 1 {
				t.Errorf("the customer's standing is %+v", entitlements)
			}
			return err
		},
		"renew a membership": func(ctx context.Context) error { return w.Billing.Work(ctx, id) },
		"renew ten memberships in a batch": func(ctx context.Context) error {
			return errors.Join(many.Billing.Jobs(ctx, jobs)...)
		},
	}
	for _, p := range service.AccessPatterns {
		run, ok := runs[p.Name]
		if !ok {
			t.Errorf("%s: nobody measures it", p.Name)
			continue
		}
		ctx, meter := table.Metered(t.Context())
		if err := run(ctx); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if got := meter.Cost(); got != (table.Cost{Trips: p.Trips, Read: p.Read, Write: p.Write}) {
			t.Errorf("%s: costs %+v, the page says %+v", p.Name, got, p)
		}
	}
	if len(runs) != len(service.AccessPatterns) {
		t.Errorf("%d patterns, %d are measured", len(service.AccessPatterns), len(runs))
	}
}

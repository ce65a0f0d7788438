package promotions

import (
	"strconv"
	"strings"
	"time"

	"dangol/shared/platform/api"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// PromotionDocument is a promotion as merchants read and write it. Amounts are minor units by currency, percentages
// basis points.
type PromotionDocument struct {
	ID               string               `json:"id,omitempty" readOnly:"true" doc:"Ignored when written."`
	Version          int                  `json:"version,omitempty" readOnly:"true" doc:"Ignored when written: send If-Match."`
	State            promotion.State      `json:"state,omitempty" enum:"draft,scheduled,live,paused,ended" readOnly:"true" doc:"By the clock. Ignored when written."`
	Name             map[string]string    `json:"name" minProperties:"1" doc:"By language, shown to shoppers." example:"{\"ko\": \"추석 세일\", \"en\": \"Chuseok sale\"}"`
	Kind             promotion.Kind       `json:"kind" enum:"percentage,fixed_amount,fixed_price,buy_x_get_y,free_gift,free_shipping,tiered,set_price,order_price,drop,sale_price" doc:"What it does. cache changes the price that is shown; drop is a limited edition."`
	Starts           string               `json:"starts" maxLength:"16" doc:"When it begins, on the clocks of timeZone." example:"2026-11-27T10:00"`
	Ends             string               `json:"ends,omitempty" maxLength:"16" doc:"When it is over; left out for open-ended. Midnight at the end of a day is 24:00." example:"2026-11-29T24:00"`
	TimeZone         string               `json:"timeZone,omitempty" maxLength:"60" doc:"IANA; the shop's when left out." example:"Asia/Seoul"`
	StartsAt         *time.Time           `json:"startsAt,omitempty" readOnly:"true" doc:"starts in UTC. Ignored when written."`
	EndsAt           *time.Time           `json:"endsAt,omitempty" readOnly:"true" doc:"ends in UTC. Ignored when written."`
	Priority         int                  `json:"priority,omitempty" minimum:"-1000000" maximum:"1000000" doc:"Orders those that apply together, high ones first, and names one of combinations that cost the same."`
	Exclusive        bool                 `json:"exclusive,omitempty" doc:"Applies alone, and only where that is best for the shopper."`
	Class            promotion.Class      `json:"class,omitempty" enum:"product,order,shipping" doc:"What it takes from; that of the kind when left out."`
	CombinesWith     []promotion.Class    `json:"combinesWith,omitempty" nullable:"false" maxItems:"3" doc:"Classes that may take from the same goods; both sides have to allow it. With order a member's percentage goes along."`
	Targets          promotion.Targets    `json:"targets,omitempty" doc:"Which goods."`
	Conditions       promotion.Conditions `json:"conditions,omitempty" doc:"For whom, and from which basket on."`
	ExcludeSaleItems bool                 `json:"excludeSaleItems,omitempty" doc:"Leaves goods with a struck-through price alone."`
	MoveRefused      bool                 `json:"moveRefused,omitempty" doc:"Takes from the other targeted goods what a floor refuses of a percentage, of an amount off each unit or of a free unit."`
	MaxDiscount      promotion.Amounts    `json:"maxDiscount,omitempty" doc:"The most it takes off one order."`
	Budget           promotion.Budget     `json:"budget,omitempty" doc:"The most it may cost in all, and how many orders may use it. Never overspent."`
	LimitPerCustomer int                  `json:"limitPerCustomer,omitempty" minimum:"0" doc:"Orders of one customer over a lifetime (units, for a drop); 0 is no limit. Guests are counted by mail address."`
	LimitPerCode     int                  `json:"limitPerCode,omitempty" minimum:"0" doc:"Uses of one code; 1 for codes of a batch when left out."`
	Code             string               `json:"code,omitempty" maxLength:"32" doc:"The code that brings it in; without one, and without a batch, it applies by itself." example:"WELCOME"`
	Batch            *PromotionBatch      `json:"batch,omitempty" readOnly:"true" doc:"Single-use codes. Ignored when written: see POST /promotions/{promotionId}/codes."`
	Terms            promotion.Terms      `json:"terms,omitempty" doc:"What it gives; which fields count depends on the kind."`
	Group            string               `json:"group,omitempty" maxLength:"60" doc:"Promotions of one group are one sale to the guard: a season." example:"chuseok-2026"`
	Reason           string               `json:"reason,omitempty" maxLength:"1000" doc:"Why it is published although the guard speaks against it."`
	Used             *PromotionUsed       `json:"used,omitempty" readOnly:"true" doc:"What of its budget is used."`
	Results          []PromotionResult    `json:"results,omitempty" readOnly:"true" nullable:"false" doc:"What it brought, by currency."`
	Warnings         []promotion.Warning  `json:"warnings,omitempty" readOnly:"true" nullable:"false" doc:"In the answer to publishing: what is hardly meant. See POST /promotions/plan."`
	UpdatedAt        *time.Time           `json:"updatedAt,omitempty" readOnly:"true"`
}

// PromotionBatch is a batch of codes without its secret.
type PromotionBatch struct {
	Prefix string `json:"prefix,omitempty"`
	Size   int    `json:"size"`
}

// PromotionUsed is what of a budget is used.
type PromotionUsed struct {
	Uses  int               `json:"uses"`
	Spend promotion.Amounts `json:"spend,omitempty"`
}

// PromotionResult is what a promotion brought in one currency. Orders that were canceled do not count.
type PromotionResult struct {
	Currency     string `json:"currency"`
	Orders       int    `json:"orders"`
	Revenue      int64  `json:"revenue" doc:"What those orders cost their shoppers, minor units."`
	Cost         int64  `json:"cost" doc:"What was taken off, minor units."`
	NewCustomers int    `json:"newCustomers" doc:"Orders that were their customer's first."`
}

// PromotionOutput is one promotion with its version.
type PromotionOutput struct {
	ETag     string `header:"ETag" doc:"The version, for If-Match."`
	Replayed string `header:"Idempotent-Replayed"`
	Body     *PromotionDocument
}

// output is the answer with a promotion and its version.
func (f *Promotions) output(r *store.Record) *PromotionOutput {
	d := f.document(&r.Promotion)
	d.UpdatedAt = &r.UpdatedAt
	return &PromotionOutput{ETag: api.ETag(strconv.Itoa(r.Promotion.Version)), Body: d}
}

// document shows a promotion to its merchant.
func (f *Promotions) document(p *promotion.Promotion) *PromotionDocument {
	d := &PromotionDocument{
		ID: p.ID, Version: p.Version, State: p.StateAt(f.Clock.Now()), Name: p.Name, Kind: p.Kind, TimeZone: p.TimeZone,
		StartsAt: &p.Starts,
		Starts:   local(p.Starts, f.zone(p.TimeZone)), Priority: p.Priority, Exclusive: p.Exclusive, Class: p.Class,
		CombinesWith: p.CombinesWith,
		Targets:      p.Targets, Conditions: p.Conditions, ExcludeSaleItems: p.ExcludeSaleItems, MoveRefused: p.MoveRefused,
		MaxDiscount: p.MaxDiscount, Budget: p.Budget,
		LimitPerCustomer: p.LimitPerCustomer, LimitPerCode: p.LimitPerCode, Code: p.Codes.Single, Terms: p.Terms,
		Group: p.Group, Reason: p.Reason,
	}
	// An open-ended promotion has no end to show.
	if !p.Ends.IsZero() {
		d.Ends, d.EndsAt = localEnd(p.Ends, f.zone(p.TimeZone)), &p.Ends
	}
	// The secret of the batch stays out of every answer.
	if b := p.Codes.Batch; b != nil {
		d.Batch = &PromotionBatch{Prefix: b.Prefix, Size: b.Size}
	}
	return d
}

// local is a moment on the clocks of a zone, as the document has it.
func local(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02T15:04") }

// localEnd is local for the end of something: midnight is 24:00 of the day that it ends.
func localEnd(t time.Time, zone *time.Location) string {
	// Only midnight is written differently.
	if text := local(t, zone); !strings.HasSuffix(text, "T00:00") {
		return text
	}
	return t.In(zone).AddDate(0, 0, -1).Format("2006-01-02") + "T24:00"
}

// zone is a promotion's time zone; the shop's where its name is not known on this machine.
func (f *Promotions) zone(name string) *time.Location {
	if zone, err := time.LoadLocation(name); err == nil && name != "" {
		return zone
	}
	return f.Zone
}

// classes are those of the kinds, where a document names none.
var classes = map[promotion.Kind]promotion.Class{
	promotion.FreeShipping: promotion.Shipping, promotion.BuyXGetY: promotion.Product,
	promotion.FixedPrice: promotion.Product,
	promotion.SetPrice:   promotion.Product, promotion.SalePrice: promotion.Product, promotion.Drop: promotion.Product,
}

// promotion is the document as a promotion in the place of before. Errors: 422 with every field that is wrong about
// times.
func (f *Promotions) promotion(d *PromotionDocument, before promotion.Promotion) (p promotion.Promotion, err error) {
	p = promotion.Promotion{
		ID: before.ID, Version: before.Version, State: before.State, Name: d.Name, Kind: d.Kind, TimeZone: d.TimeZone,
		Priority:  d.Priority,
		Exclusive: d.Exclusive, Class: d.Class, CombinesWith: d.CombinesWith, Targets: d.Targets, Conditions: d.Conditions,
		ExcludeSaleItems: d.ExcludeSaleItems, MoveRefused: d.MoveRefused, MaxDiscount: d.MaxDiscount, Budget: d.Budget,
		LimitPerCustomer: d.LimitPerCustomer,
		LimitPerCode:     d.LimitPerCode, Codes: promotion.Codes{Single: d.Code, Batch: before.Codes.Batch}, Terms: d.Terms,
		Group: d.Group, Reason: d.Reason, Pauses: before.Pauses,
	}
	if p.TimeZone == "" {
		p.TimeZone = f.Zone.String()
	}
	if p.Class == "" {
		p.Class = classes[p.Kind]
	}
	// Kinds that can be of several classes take from the order unless the document says otherwise.
	if p.Class == "" {
		p.Class = promotion.Order
	}
	zone, unknown := time.LoadLocation(p.TimeZone)
	// "Local" is the zone of the machine and means something else on each.
	if unknown != nil || p.TimeZone == "Local" {
		return p, problem.InvalidField("/timeZone", "unknown", "an IANA time zone such as Asia/Seoul")
	}
	if p.Starts, err = civil.ParseLocal(d.Starts, zone); err != nil {
		return p, problem.InvalidField("/starts", "wrong_format", "a time such as 2026-11-27T10:00")
	}
	if d.Ends == "" {
		return p, nil
	}
	if p.Ends, err = civil.ParseLocal(d.Ends, zone); err != nil {
		return p, problem.InvalidField("/ends", "wrong_format", "a time such as 2026-11-29T24:00")
	}
	return p, nil
}

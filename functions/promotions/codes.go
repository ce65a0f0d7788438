package promotions

import (
	"bufio"
	"context"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// perAnswer is how many codes one answer holds: Lambda's is at most 6 MB.
const perAnswer = 100_000

// CreateCodesInput asks for a batch.
type CreateCodesInput struct {
	ChangingInput
	Body struct {
		Size   int    `json:"size" minimum:"1" maximum:"1048576" doc:"How many codes." example:"100000"`
		Prefix string `json:"prefix,omitempty" pattern:"^[A-Z0-9]{0,10}$" doc:"Shown before the first dash." example:"SEOL"`
	}
}

// createCodes gives a promotion its batch, and answers with the codes, or with the first of them. Asking again for the
// same batch answers the same; another size or prefix is refused, because codes are out already.
func (f *Promotions) createCodes(ctx context.Context, in *CreateCodesInput) (*CodesOutput, error) {
	var batch *promotion.Batch
	_, err := f.change(ctx, in.ChangingInput, func(r *store.Record) error {
		p, now := &r.Promotion, f.Clock.Now()
		if p.Over(now) {
			return ended()
		}
		if b := p.Codes.Batch; b != nil && (b.Size != in.Body.Size || b.Prefix != in.Body.Prefix) {
			return problem.Conflict("promotion_has_codes",
				"This promotion has %d codes with the prefix %q; write another promotion for more.", b.Size, b.Prefix)
		}
		// Without codes it has been for everybody, also when it is paused by now; giving it
		// codes would take it away from shoppers who saw it.
		if p.Codes.Batch == nil && p.Begun(now) {
			return problem.Conflict("promotion_live",
				"This promotion has begun without codes of its own; write another one for them.")
		}
		// The secret is made once: asking again must give the same codes.
		if p.Codes.Batch == nil {
			p.Codes.Batch = promotion.NewBatch(id.New("batch", now), in.Body.Prefix, in.Body.Size)
		}
		batch = p.Codes.Batch
		return f.valid(ctx, p)
	})
	if err != nil {
		return nil, err
	}
	return stream(batch, 0, perAnswer), nil
}

// CodesInput asks for codes of the batch.
type CodesInput struct {
	OneInput
	From  int `query:"from" minimum:"0" maximum:"1048575" doc:"Number of the first code, from 0."`
	Limit int `query:"limit" minimum:"1" maximum:"100000" default:"100000" doc:"How many."`
}

// codes answers with codes of the batch again, from a number
// on. 1 round trip; the codes are computed.
func (f *Promotions) codes(ctx context.Context, in *CodesInput) (*CodesOutput, error) {
	r, err := f.Store.Get(ctx, in.PromotionID)
	if err != nil {
		return nil, err
	}
	if r.Promotion.Codes.Batch == nil {
		return nil, problem.NotFound("no_codes", "This promotion has no batch of codes.")
	}
	return stream(r.Promotion.Codes.Batch, in.From, in.Limit), nil
}

// CodesOutput is codes as CSV.
type CodesOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Caching     string `header:"Cache-Control"`
	Next        string `header:"Next-From" doc:"There are more codes: read them from this number. Absent when these are the last."`
	Body        func(huma.Context)
}

// stream writes codes one by one, keeping none.
func stream(b *promotion.Batch, from, limit int) *CodesOutput {
	next := ""
	if end := from + limit; end < b.Size {
		next = strconv.Itoa(end)
	}
	return &CodesOutput{
		ContentType: "text/csv; charset=utf-8", Disposition: `attachment; filename="codes.csv"`,
		// Codes are worth money: no cache may keep them.
		Caching: "no-store", Next: next, Body: func(ctx huma.Context) {
			w := bufio.NewWriter(ctx.BodyWriter())
			// Errors of writing mean that the caller has gone; there is nobody to tell.
			defer w.Flush()
			w.WriteString("code\n")
			for i := from; i < min(from+limit, b.Size); i++ {
				w.WriteString(b.Code(i))
				w.WriteByte('\n')
			}
		},
	}
}

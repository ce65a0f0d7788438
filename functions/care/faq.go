package care

import (
	"context"
	"slices"
	"time"

	"dangol/shared/faq"
	"dangol/shared/faq/store"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/ratelimit"
)

// Limits by address, within limitWindow, on what anybody can
// call: searching costs processor time, feedback moves entries.
const (
	mostSearches  = 600
	mostFeedbacks = 60
	limitWindow   = 10 * time.Minute
)

// faqRoutes registers the routes of the FAQ.
func (f *Care) faqRoutes(s *api.Service) {
	public := func(method, path, id, summary string, errors ...int) api.Route {
		return route(api.Public, method, path, "FAQ", id, summary, errors...)
	}
	merchant := func(method, path, id, summary string, errors ...int) api.Route {
		return route(api.MerchantIs, method, path, "FAQ", id, summary, errors...)
	}
	api.Handle(s, public("GET", "/faq", "listFAQ", "The published FAQ"), f.list)
	search := public("GET", "/faq/search", "searchFAQ", "Search the FAQ with a question", 429)
	search.Description = "Tolerates typos, and Korean typed with the keyboard on English. `verdict` is what the bot " +
		"would do: answer, ask which, or hand over."
	api.Handle(s, search, f.search)
	api.Handle(s, public("GET", "/faq/suggest", "suggestFAQ", "Suggest questions while typing", 429), f.suggest)
	api.Handle(s, public("POST", "/faq/{entryId}/feedback", "rateFAQ", "Say whether an entry helped", 404, 429),
		f.feedback)
	api.Handle(s, merchant("GET", "/faq/entries", "listFAQEntries", "The entries as they are edited"), f.entries)
	put := merchant("PUT", "/faq/entries", "importFAQ", "Write many entries over what is there")
	put.MaxBody, put.Description =
		4<<20, "Entries that are not in the list stay. Nothing is shown to shoppers before publishing."
	api.Handle(s, put, f.importAll)
	edit := merchant("PUT", "/faq/entries/{entryId}", "editFAQEntry", "Write one entry", 412)
	edit.Description = "`version` is the one that was read, 0 for a new entry."
	api.Handle(s, edit, f.edit)
	api.Handle(s, merchant("DELETE", "/faq/entries/{entryId}", "removeFAQEntry", "Remove an entry"), f.remove)
	api.Handle(s, merchant("POST", "/faq/publish", "publishFAQ", "Make the entries what shoppers and the bot see", 409),
		f.publish)
	api.Handle(s, merchant("GET", "/faq/report", "reportFAQ", "What was shown, what helped, and what nobody could answer"),
		f.faqReport)
}

// limit counts a call of the caller's address.
func (f *Care) limit(ctx context.Context, name string, most int) error {
	return f.Limiter.Take(ctx, ratelimit.Limit{Name: "care-" + name, Subject: api.SourceIP(ctx), Max: most,
		Window: limitWindow})
}

// listInput is the language and the category of the list.
type listInput struct {
	Language string `query:"language" enum:"ko,en" default:"ko"`
	Category string `query:"category" maxLength:"40"`
}

type faqOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Entries    []faq.Answer `json:"entries"`
		Categories []string     `json:"categories"`
	}
}

// list shows the published FAQ. No round trip while the index is fresh in memory.
func (f *Care) list(ctx context.Context, in *listInput) (*faqOutput, error) {
	index, err := f.FAQ.Index(ctx)
	if err != nil {
		return nil, err
	}
	// A minute in caches: publishing may be seen that much later.
	out := &faqOutput{CacheControl: "public, max-age=60"}
	out.Body.Entries, out.Body.Categories = index.Entries(in.Language, in.Category), []string{}
	if out.Body.Entries == nil {
		out.Body.Entries = []faq.Answer{}
	}
	// Categories of the whole language, so that a filter can be changed.
	for _, e := range index.Entries(in.Language, "") {
		if !slices.Contains(out.Body.Categories, e.Category) {
			out.Body.Categories = append(out.Body.Categories, e.Category)
		}
	}
	return out, nil
}

type searchInput struct {
	Question string `query:"q" required:"true" minLength:"1" maxLength:"300" example:"배송비는 얼마인가요?"`
	Language string `query:"language" enum:"ko,en" default:"ko" doc:"Of the answers; the question may be in either."`
	Limit    int    `query:"limit" minimum:"1" maximum:"20" default:"5"`
}

type faqSearchOutput struct {
	Body struct {
		Verdict faq.Verdict `json:"verdict" enum:"answer,ask,none"`
		Hits    []faq.Hit   `json:"hits"`
	}
}

// search answers a question as the bot would.
func (f *Care) search(ctx context.Context, in *searchInput) (*faqSearchOutput, error) {
	return f.lookUp(ctx, func(index *faq.Index) []faq.Hit { return index.Search(in.Question, in.Language, in.Limit) })
}

// suggest completes a question while it is typed.
func (f *Care) suggest(ctx context.Context, in *searchInput) (*faqSearchOutput, error) {
	return f.lookUp(ctx, func(index *faq.Index) []faq.Hit { return index.Suggest(in.Question, in.Language, in.Limit) })
}

// lookUp runs a search on the published index.
func (f *Care) lookUp(ctx context.Context, find func(*faq.Index) []faq.Hit) (*faqSearchOutput, error) {
	if err := f.limit(ctx, "search", mostSearches); err != nil {
		return nil, err
	}
	index, err := f.FAQ.Index(ctx)
	if err != nil {
		return nil, err
	}
	out := &faqSearchOutput{}
	out.Body.Hits = find(index)
	// The verdict is the bot's own, so that a storefront and the bot never disagree.
	out.Body.Verdict, _ = faq.Default.Decide(out.Body.Hits)
	if out.Body.Hits == nil {
		out.Body.Hits = []faq.Hit{}
	}
	return out, nil
}

type feedbackInput struct {
	EntryID string `path:"entryId" maxLength:"60" pattern:"^[a-z0-9-]+$"`
	Body    struct {
		Helped bool `json:"helped"`
	}
}

type emptyOutput struct{}

// feedback counts whether an entry helped. One address is limited, so that nobody can push an entry up or down.
func (f *Care) feedback(ctx context.Context, in *feedbackInput) (*emptyOutput, error) {
	if err := f.limit(ctx, "feedback", mostFeedbacks); err != nil {
		return nil, err
	}
	index, err := f.FAQ.Index(ctx)
	if err != nil {
		return nil, err
	}
	known := slices.ContainsFunc(faq.Languages, func(language string) bool { // an entry may be in one language only
		_, ok := index.Entry(in.EntryID, language)
		return ok
	})
	if !known {
		return nil, problem.NotFound("entry_not_found", "The FAQ has no such entry.")
	}
	helped := -1
	if in.Body.Helped {
		helped = 1
	}
	return &emptyOutput{}, f.FAQ.Count(ctx, in.EntryID, helped)
}

// entriesOutput is the entries as they are edited, and what is published.
type entriesOutput struct {
	Body struct {
		Entries   []store.Edited `json:"entries"`
		Published store.Version  `json:"published"`
	}
}

// entries lists the entries for merchants. 2 round trips and more for long lists.
func (f *Care) entries(ctx context.Context, _ *struct{}) (*entriesOutput, error) {
	out := &entriesOutput{}
	var err error
	if out.Body.Entries, err = f.FAQ.Entries(ctx); err != nil {
		return nil, err
	}
	out.Body.Published, err = f.FAQ.Current(ctx)
	return out, err
}

type importInput struct {
	Body struct {
		Entries []faq.FAQEntry `json:"entries" minItems:"1" maxItems:"2000" nullable:"false"`
	}
}

// importAll writes many entries. All are checked before the first one is written.
func (f *Care) importAll(ctx context.Context, in *importInput) (*entriesOutput, error) {
	if len(in.Body.Entries) == 0 {
		return nil, problem.InvalidField("/entries", "too_short", "at least one entry")
	}
	if wrong := faq.ValidateEntries(in.Body.Entries); len(wrong) > 0 {
		return nil, problem.Invalid(wrong...)
	}
	if err := f.FAQ.Import(ctx, in.Body.Entries); err != nil {
		return nil, err
	}
	return f.entries(ctx, nil)
}

type editInput struct {
	EntryID string `path:"entryId" maxLength:"60" pattern:"^[a-z0-9-]+$"`
	Body    struct {
		Category string                 `json:"category" pattern:"^[a-z0-9-]{1,40}$"`
		Texts    map[string]faq.FAQText `json:"texts"`
		Action   string                 `json:"action,omitempty" enum:",order_status,start_return,skip_delivery,cancel_subscription"`
		Order    int                    `json:"order,omitempty" minimum:"0" maximum:"100000" doc:"Place in the list."`
		Version  int                    `json:"version" minimum:"0"`
	}
}

type editOutput struct {
	Body store.Edited
}

// edit writes one entry, under the condition that nobody else has changed it since it was read.
func (f *Care) edit(ctx context.Context, in *editInput) (*editOutput, error) {
	e := faq.FAQEntry{ID: in.EntryID, Category: in.Body.Category, Texts: in.Body.Texts, Action: in.Body.Action}
	wrong := problem.Fields(e.Validate(""))
	wrong.Between(in.Body.Order, 0, faq.MaxOrder, "/order")
	wrong.Require(in.Body.Version >= 0, "/version", "too_small", "the version that was read, 0 for a new entry")
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	edited, err := f.FAQ.Put(ctx, e, in.Body.Version, in.Body.Order)
	if err != nil {
		return nil, err
	}
	return &editOutput{edited}, nil
}

type entryInput struct {
	EntryID string `path:"entryId" maxLength:"60" pattern:"^[a-z0-9-]+$"`
}

// remove removes an entry; shoppers see it until the next publication.
func (f *Care) remove(ctx context.Context, in *entryInput) (*emptyOutput, error) {
	return &emptyOutput{}, f.FAQ.Remove(ctx, in.EntryID)
}

type publishOutput struct {
	Body store.Version
}

// publish makes the entries the version that shoppers and the bot see.
func (f *Care) publish(ctx context.Context, _ *struct{}) (*publishOutput, error) {
	v, err := f.FAQ.Publish(ctx, auth.From(ctx).Subject)
	if err != nil {
		return nil, err
	}
	return &publishOutput{v}, nil
}

type faqReportInput struct {
	Month string `query:"month" pattern:"^[0-9]{4}-[0-9]{2}$" doc:"Of the unanswered questions; this month without it." example:"2026-11"`
}

type faqReportOutput struct {
	Body struct {
		Uses       []store.Use `json:"uses"`
		Unanswered []faq.Group `json:"unanswered" doc:"Questions that nobody answered, alike ones together."`
	}
}

// faqReport shows how the FAQ is used, and the questions of a month that it could not answer.
func (f *Care) faqReport(ctx context.Context, in *faqReportInput) (*faqReportOutput, error) {
	month := f.FAQ.Clock.Now()
	if in.Month != "" {
		at, err := time.Parse("2006-01", in.Month)
		if err != nil {
			return nil, problem.InvalidField("query/month", "wrong_format", "a month such as 2026-11")
		}
		month = at
	}
	out := &faqReportOutput{}
	var err error
	if out.Body.Uses, err = f.FAQ.Uses(ctx); err != nil {
		return nil, err
	}
	misses, err := f.FAQ.Misses(ctx, month)
	out.Body.Unanswered = faq.Grouped(misses)
	if out.Body.Unanswered == nil {
		out.Body.Unanswered = []faq.Group{}
	}
	return out, err
}

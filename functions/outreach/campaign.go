package outreach

import (
	"context"
	"net/http"

	"dangol/shared/outbox"
	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/api"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// campaignRoutes are the routes of campaigns and segments.
func (f *Outreach) campaignRoutes(s *api.Service) {
	merchant := func(method, path, id, summary, text string, errors ...int) api.Route {
		return route(api.MerchantIs, method, path, id, summary, text, errors...)
	}
	create := merchant("POST", "/campaigns", "createCampaign", "Write a draft of a campaign", "", 422)
	create.Status, create.Keyed = http.StatusCreated, api.KeyOptional
	api.Handle(s, create, f.createCampaign)
	api.Handle(s, merchant("GET", "/campaigns", "listCampaigns", "Campaigns, newest first", ""), f.listCampaigns)
	api.Handle(s, merchant("GET", "/campaigns/{campaignId}", "getCampaign", "A campaign and how far it is", "", 404),
		f.getCampaign)
	api.Handle(s, merchant("POST", "/campaigns/{campaignId}/dry-run", "dryRunCampaign",
		"Who would get what, when, and why or why not",
		"Looks at the whole audience as it is now. Writes nothing.", 404), f.dryRunCampaign)
	api.Handle(s, merchant("POST", "/campaigns/{campaignId}/schedule", "scheduleCampaign", "Let a draft start at its time",
		"", 404, 409, 422),
		f.schedule)
	// Three changes of state with one handler.
	for _, step := range []struct {
		path, id, summary string
		to                campaign.Status
	}{
		{"pause", "pauseCampaign", "Plan no further mails", campaign.Paused},
		{"resume", "resumeCampaign", "Go on", campaign.Sending},
		{"stop", "stopCampaign", "End for good", campaign.Stopped},
	} {
		api.Handle(s, merchant("POST", "/campaigns/{campaignId}/"+step.path, step.id, step.summary, "", 404, 409),
			f.steer(step.to))
	}
	api.Handle(s, merchant("GET", "/segments", "listSegments", "Segments", "Promotions name them in conditions.segments."),
		f.listSegments)
	api.Handle(s, merchant("PUT", "/segments/{segment}", "saveSegment", "Save a segment", saveSegmentText, 409, 422),
		f.saveSegment)
	api.Handle(s, merchant("POST", "/segments/count", "countSegment", "Count people who meet a condition",
		"With a sample of ids.", 422), f.countSegment)
}

// saveSegmentText is the description of saveSegment.
const saveSegmentText = "Who meets the condition is a member from now on; those who are there already are looked at " +
	"within minutes (ready)."

// SaveSegmentInput names a condition.
type SaveSegmentInput struct {
	Segment string `path:"segment" pattern:"^[a-z0-9_-]{1,40}$"`
	Body    struct {
		Condition segment.Condition `json:"condition"`
	}
}

// SegmentOutput is a segment.
type SegmentOutput struct{ Body service.Segment }

// saveSegment stores a segment.
func (f *Outreach) saveSegment(ctx context.Context, in *SaveSegmentInput) (*SegmentOutput, error) {
	if err := conditionProblem(in.Body.Condition); err != nil {
		return nil, err
	}
	saved, err := f.Service.SaveSegment(ctx, in.Segment, in.Body.Condition)
	return &SegmentOutput{saved}, err
}

// SegmentsOutput lists segments.
type SegmentsOutput struct {
	Body struct {
		Segments []service.Segment `json:"segments" nullable:"false"`
	}
}

// listSegments lists the segments with their conditions.
func (f *Outreach) listSegments(ctx context.Context, _ *struct{}) (*SegmentsOutput, error) {
	all, err := f.Service.Segments(ctx)
	out := &SegmentsOutput{}
	out.Body.Segments = all
	return out, err
}

// conditionProblem says what is wrong with a condition; nil when nothing is.
func conditionProblem(c segment.Condition) error {
	var fields []problem.Field
	for _, fault := range c.Faults() {
		fields = append(fields, problem.Field{Pointer: "/condition" + fault.Pointer, Code: "condition_invalid",
			Message: fault.Text})
	}
	if len(fields) == 0 {
		return nil
	}
	return problem.Invalid(fields...)
}

// CreateCampaignInput is a plan.
type CreateCampaignInput struct{ Body service.CampaignPlan }

// CampaignOutput is a campaign.
type CampaignOutput struct{ Body *service.Campaign }

// NewCampaignOutput is a campaign that was made.
type NewCampaignOutput struct {
	Replayed string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body     *service.Campaign
}

// createCampaign stores a draft, once for each key.
func (f *Outreach) createCampaign(ctx context.Context, in *CreateCampaignInput) (*NewCampaignOutput, error) {
	c, replayed, err := once(ctx, f, func() (*service.Campaign, error) { return f.Service.CreateCampaign(ctx, in.Body) })
	return &NewCampaignOutput{Replayed: replayed, Body: c}, err
}

// once runs what a keyed request does once for each key. replayed is the header of the answer, "true" for one that was
// given before. Up to 3 round trips besides those of effect.
func once[T any](ctx context.Context, f *Outreach, effect func() (T, error)) (answer T, replayed string, err error) {
	answer, again, err := idempotency.Guard(ctx, f.Service.Table, api.Idempotency(ctx), effect)
	if again {
		replayed = "true"
	}
	return answer, replayed, err
}

// CampaignsOutput is a page of the list.
type CampaignsOutput struct {
	Body struct {
		Campaigns  []service.CampaignCard `json:"campaigns" nullable:"false"`
		NextCursor string                 `json:"nextCursor,omitempty"`
	}
}

// listCampaigns lists campaigns, newest first.
func (f *Outreach) listCampaigns(ctx context.Context, in *api.Paging) (*CampaignsOutput, error) {
	cards, next, err := f.Service.Campaigns(ctx, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &CampaignsOutput{}
	out.Body.Campaigns, out.Body.NextCursor = cards, string(next)
	return out, nil
}

// OneCampaignInput names a campaign.
type OneCampaignInput struct {
	CampaignID string `path:"campaignId" maxLength:"60"`
}

// CampaignProgressOutput is a campaign with its numbers.
type CampaignProgressOutput struct {
	Body struct {
		Campaign *service.Campaign          `json:"campaign"`
		Progress service.Progress           `json:"progress"`
		Variants map[string]outbox.Counters `json:"variants"`
	}
}

// getCampaign reads a campaign with its numbers. 2 round trips.
func (f *Outreach) getCampaign(ctx context.Context, in *OneCampaignInput) (*CampaignProgressOutput, error) {
	c, err := f.Service.GetCampaign(ctx, in.CampaignID)
	if err != nil {
		return nil, err
	}
	out := &CampaignProgressOutput{}
	out.Body.Campaign = c
	out.Body.Progress, out.Body.Variants, err = f.Service.Progress(ctx, c)
	return out, err
}

// CampaignDryRunOutput is what a campaign would do.
type CampaignDryRunOutput struct{ Body service.DryRun }

// dryRunCampaign plays a campaign. It reads the whole audience, so it takes seconds.
func (f *Outreach) dryRunCampaign(ctx context.Context, in *OneCampaignInput) (*CampaignDryRunOutput, error) {
	c, err := f.Service.GetCampaign(ctx, in.CampaignID)
	if err != nil {
		return nil, err
	}
	run, err := f.Service.DryRunCampaign(ctx, c)
	return &CampaignDryRunOutput{run}, err
}

// schedule lets a draft start at its time.
func (f *Outreach) schedule(ctx context.Context, in *OneCampaignInput) (*CampaignOutput, error) {
	c, err := f.Service.Schedule(ctx, in.CampaignID)
	return &CampaignOutput{c}, err
}

// steer is the handler of a change of state.
func (f *Outreach) steer(to campaign.Status) func(context.Context, *OneCampaignInput) (*CampaignOutput, error) {
	return func(ctx context.Context, in *OneCampaignInput) (*CampaignOutput, error) {
		c, err := f.Service.Steer(ctx, in.CampaignID, to, "by a merchant")
		return &CampaignOutput{c}, err
	}
}

// CountSegmentInput is a condition.
type CountSegmentInput struct {
	Body struct {
		Condition segment.Condition `json:"condition"`
	}
}

// CountSegmentOutput is how many people meet it.
type CountSegmentOutput struct {
	Body service.SegmentCount
}

// countSegment counts who meets a condition that need not be saved.
func (f *Outreach) countSegment(ctx context.Context, in *CountSegmentInput) (*CountSegmentOutput, error) {
	if err := conditionProblem(in.Body.Condition); err != nil {
		return nil, err
	}
	count, err := f.Service.CountSegment(ctx, in.Body.Condition)
	return &CountSegmentOutput{count}, err
}

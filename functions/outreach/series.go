package outreach

import (
	"context"
	"errors"
	"slices"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/attribution"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
)

// seriesRoutes are the routes of series.
func (f *Outreach) seriesRoutes(s *api.Service) {
	merchant := func(method, path, id, summary, text string, errors ...int) api.Route {
		return route(api.MerchantIs, method, "/sequences"+path, id, summary, text, errors...)
	}
	api.Handle(s, merchant("GET", "", "listSequences", "Series of messages", "The newest version of each, as it runs."),
		f.sequences)
	api.Handle(s, merchant("POST", "/{sequenceId}/pause", "pauseSequence", "Pause a series", "People stay where they are.",
		404), f.pause(true))
	api.Handle(s, merchant("POST", "/{sequenceId}/resume", "resumeSequence", "Let a series go on", "", 404),
		f.pause(false))
	api.Handle(s, merchant("POST", "/{sequenceId}/dry-run", "dryRunSequence", "What a person would get, when, and why",
		dryRunText, 404, 422), f.dryRun)
	api.Handle(s, merchant("GET", "/{sequenceId}/report", "reportSequence", "What a series brought",
		"Counters by step, and the lift over the holdout.", 404),
		f.seriesReport)
}

// dryRunText is the description of dryRun.
const dryRunText = "Plays the series for a person as they are now, on a clock that is moved, from now on. Writes " +
	"nothing, and answers the same " +
	"twice."

// SequencesOutput lists series.
type SequencesOutput struct {
	Body struct {
		Sequences []SequenceView `json:"sequences" nullable:"false"`
	}
}

// SequenceView is one series.
type SequenceView struct {
	ID       string                 `json:"id"`
	Version  int                    `json:"version"`
	Purpose  string                 `json:"purpose"`
	Kind     compliance.MessageKind `json:"kind"`
	Topic    string                 `json:"topic,omitempty"`
	Holdout  int                    `json:"holdout" doc:"Percent."`
	Paused   bool                   `json:"paused"`
	Diagram  string                 `json:"diagram" doc:"Mermaid flowchart."`
	StartsBy string                 `json:"startsBy"`
}

// sequences lists the newest versions. 1 round trip for each series.
func (f *Outreach) sequences(ctx context.Context, _ *struct{}) (*SequencesOutput, error) {
	out := &SequencesOutput{}
	out.Body.Sequences = []SequenceView{}
	for _, d := range f.Service.Library.Latest() {
		paused, err := f.Service.SeriesPaused(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		out.Body.Sequences = append(out.Body.Sequences, SequenceView{
			d.ID, d.Version, d.Purpose, d.Kind, d.Topic, d.Holdout, paused, d.Diagram(), d.Entry.Event,
		})
	}
	return out, nil
}

// OneSequenceInput names a series.
type OneSequenceInput struct {
	SequenceID string `path:"sequenceId" maxLength:"40"`
}

// definition is the newest version of a series. Error: 404 sequence_not_found.
func (f *Outreach) definition(id string) (sequence.Definition, error) {
	all := f.Service.Library.Latest()
	i := slices.IndexFunc(all, func(d sequence.Definition) bool { return d.ID == id })
	if i < 0 {
		return sequence.Definition{}, problem.NotFound("sequence_not_found", "There is no such series.")
	}
	return all[i], nil
}

// pause is the handler of both pausing and resuming.
func (f *Outreach) pause(paused bool) func(context.Context, *OneSequenceInput) (*struct{}, error) {
	return func(ctx context.Context, in *OneSequenceInput) (*struct{}, error) {
		if _, err := f.definition(in.SequenceID); err != nil {
			return nil, err
		}
		return nil, f.Service.PauseSeries(ctx, in.SequenceID, paused)
	}
}

// SequenceDryRunInput is a person and what starts the series.
type SequenceDryRunInput struct {
	OneSequenceInput
	Body struct {
		Email string            `json:"email" maxLength:"254" format:"email"`
		Data  map[string]string `json:"data,omitempty" doc:"Fields of the event: cartId, orderId, renewsAt."`
	}
}

// SequenceDryRunOutput is what would happen.
type SequenceDryRunOutput struct {
	Body struct {
		Entered  string               `json:"entered" doc:"Empty when the series starts, else why not."`
		Messages []service.DryRunStep `json:"messages" nullable:"false"`
	}
}

// dryRun plays a series for a person.
func (f *Outreach) dryRun(ctx context.Context, in *SequenceDryRunInput) (*SequenceDryRunOutput, error) {
	d, err := f.definition(in.SequenceID)
	if err != nil {
		return nil, err
	}
	email, err := acceptedEmail(in.Body.Email)
	if err != nil {
		return nil, err
	}
	out := &SequenceDryRunOutput{}
	entered, steps, err := f.Service.DryRunSeries(ctx, d, email, in.Body.Data)
	out.Body.Entered, out.Body.Messages = string(entered), steps
	return out, err
}

// SeriesReportOutput is what a series brought.
type SeriesReportOutput struct {
	Body struct {
		Steps map[string]outbox.Counters `json:"steps"`
		Lift  attribution.Lift           `json:"lift" doc:"Buyers within 14 days among those who got messages, less those in the holdout."`
	}
}

// seriesReport sums up what a series brought.
func (f *Outreach) seriesReport(ctx context.Context, in *OneSequenceInput) (*SeriesReportOutput, error) {
	if _, err := f.definition(in.SequenceID); err != nil {
		return nil, err
	}
	report, err := f.Service.Outbox.Report(ctx, "sequence:"+in.SequenceID)
	if err != nil {
		return nil, err
	}
	// The lift has counters of its own under a step that is none.
	lift := report["lift"]
	delete(report, "lift")
	out := &SeriesReportOutput{}
	out.Body.Steps = report
	out.Body.Lift = attribution.LiftOf(
		attribution.Group{People: lift["entered"], Bought: lift["bought"]},
		attribution.Group{People: lift["entered_held_out"], Bought: lift["bought_held_out"]},
	)
	return out, nil
}

// errNoTime is short, because it becomes part of the line about a row.
var errNoTime = errors.New("no time")

// parseTime reads an instant.
func parseTime(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, errNoTime
	}
	return at, nil
}

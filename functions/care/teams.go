package care

import (
	"context"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/hours"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
)

// teamRoutes registers the routes of teams and their hours.
func (f *Care) teamRoutes(s *api.Service) {
	const one = "/teams/{teamId}"
	api.Handle(s, route(api.Agent, "GET", "/teams", "Hours", "listTeams", "The teams with their hours and service levels"),
		f.teams)
	open := route(api.Public, "GET", one+"/hours", "Hours", "getHours", "Whether a team is on duty, and when that changes",
		404)
	api.Handle(s, open, f.open)
	put := route(api.MerchantIs, "PUT", one, "Hours", "setTeam", "Write a team", 412)
	put.Description = "`version` is the one that was read, 0 for a new team. A manual override ends with the write."
	api.Handle(s, put, f.setTeam)
	override := route(api.Agent, "PUT", one+"/override", "Hours", "overrideHours",
		"Come on or go off duty until the timetable's next switch", 404, 412)
	api.Handle(s, override, f.override)
}

type teamsOutput struct {
	Body struct {
		Teams []conversation.Team `json:"teams"`
	}
}

// teams lists the teams for agents.
func (f *Care) teams(ctx context.Context, _ *struct{}) (*teamsOutput, error) {
	out := &teamsOutput{}
	var err error
	out.Body.Teams, err = f.Chat.Teams(ctx)
	return out, err
}

// TeamInput names a team. Exported because Huma fills only exported embedded structs.
type TeamInput struct {
	TeamID string `path:"teamId" maxLength:"40" pattern:"^[a-z0-9-]+$"`
}

type openOutput struct {
	Body struct {
		Open       bool       `json:"open"`
		OpensAt    *time.Time `json:"opensAt,omitempty" doc:"When it is not open: the next opening."`
		ChangesAt  *time.Time `json:"changesAt,omitempty"`
		Zone       string     `json:"zone"`
		Overridden bool       `json:"overridden" doc:"Somebody switched it by hand."`
	}
}

// open tells whether a team is on duty. It is read fresh: an
// agent who has just switched it must see that.
func (f *Care) open(ctx context.Context, in *TeamInput) (*openOutput, error) {
	team, err := f.Chat.FreshTeam(ctx, in.TeamID)
	if err != nil {
		return nil, err
	}
	now, out := f.Chat.Clock.Now(), &openOutput{}
	out.Body.Open, out.Body.Zone = team.Hours.Open(now), team.Hours.Zone
	// An override that has run out is still stored and no longer holds.
	out.Body.Overridden = team.Hours.Override != nil && team.Hours.Override.Until.After(now)
	if next, ok := team.Hours.NextOpen(now); ok && !out.Body.Open {
		out.Body.OpensAt = &next
	}
	if next, ok := team.Hours.NextSwitch(now); ok {
		out.Body.ChangesAt = &next
	}
	return out, nil
}

type setTeamInput struct {
	TeamInput
	Body struct {
		Name      string                  `json:"name" minLength:"1" maxLength:"80"`
		Languages []string                `json:"languages" minItems:"1" maxItems:"5" nullable:"false"`
		Hours     hours.Schedule          `json:"hours"`
		Levels    conversation.Levels     `json:"levels"`
		Calls     conversation.CallPolicy `json:"calls"`
		Version   int                     `json:"version" minimum:"0"`
	}
}

type teamOutput struct {
	Body conversation.Team
}

// setTeam writes a team. The version in the body is the condition of the write.
func (f *Care) setTeam(ctx context.Context, in *setTeamInput) (*teamOutput, error) {
	b := in.Body
	// An override belongs to the timetable that it was made for.
	b.Hours.Override = nil
	return f.put(ctx, conversation.Team{
		ID: in.TeamID, Name: b.Name, Languages: b.Languages, Hours: b.Hours, Levels: b.Levels, Calls: b.Calls,
		Version: b.Version,
	})
}

// put stores a team.
func (f *Care) put(ctx context.Context, team conversation.Team) (*teamOutput, error) {
	stored, err := f.Chat.PutTeam(ctx, team)
	if err != nil {
		return nil, err
	}
	return &teamOutput{stored}, nil
}

type overrideInput struct {
	TeamInput
	Body struct {
		Open bool `json:"open"`
	}
}

// override switches a team on or off duty until the next switch of its timetable.
func (f *Care) override(ctx context.Context, in *overrideInput) (*teamOutput, error) {
	team, err := f.Chat.FreshTeam(ctx, in.TeamID)
	if err != nil {
		return nil, err
	}
	team.Hours = team.Hours.Switch(in.Body.Open, f.Chat.Clock.Now(), auth.From(ctx).Subject)
	return f.put(ctx, team)
}

type reportInput struct {
	From string `query:"from" required:"true" format:"date" example:"2026-11-01" doc:"In the team's time zone."`
	To   string `query:"to" required:"true" format:"date" example:"2026-11-30"`
	Team string `query:"team" maxLength:"40" doc:"One team only."`
}

type reportOutput struct {
	Body conversation.ConversationFigures
}

// mostDays bounds a report: a quarter.
const mostDays = 93

// report adds up the conversations that began in a period of the team's days. Round trips: 1 a month, at most 5 for a
// shop with some thousand conversations in it.
func (f *Care) report(ctx context.Context, in *reportInput) (*reportOutput, error) {
	from, err := time.Parse(time.DateOnly, in.From)
	if err != nil {
		return nil, problem.InvalidField("query/from", "no_date", "a date such as 2026-11-01")
	}
	to, err := time.Parse(time.DateOnly, in.To)
	if err != nil {
		return nil, problem.InvalidField("query/to", "no_date", "a date such as 2026-11-30")
	}
	if to.Before(from) || to.Sub(from) > mostDays*24*time.Hour {
		return nil, problem.InvalidField("query/to", "out_of_range", "not before from, and at most %d days after it",
			mostDays)
	}
	team, err := f.Chat.Team(ctx, in.Team)
	if err != nil {
		return nil, err
	}
	zone := team.Hours.Local(from).Location()
	midnight := func(day time.Time) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	}
	var cards []conversation.ConversationSummary
	err = f.Chat.Between(ctx, midnight(from), midnight(to.AddDate(0, 0, 1)), func(c conversation.ConversationSummary) {
		if in.Team == "" || c.Team == in.Team {
			cards = append(cards, c)
		}
	})
	if err != nil {
		return nil, err
	}
	return &reportOutput{conversation.Summarize(cards, zone)}, nil
}

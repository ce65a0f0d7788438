package service

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// keyOfAgent is the key of an agent.
func keyOfAgent(id string) table.Key { return table.Key{PK: "AGENT#" + id, SK: "AGENT"} }

// keyOfTeam is the key of a team.
func keyOfTeam(id string) table.Key { return table.Key{PK: "TEAM#" + id, SK: "TEAM"} }

// agentRecord is an agent as stored. The list has only the key, so that heartbeats cost one write and not three.
type agentRecord struct {
	table.Key
	conversation.AgentStatus
	ListPK string `dynamodbav:"gsi1pk,omitempty"`
	ListSK string `dynamodbav:"gsi1sk,omitempty"`
}

// Agent reads an agent. Errors: 404 agent_not_found when the caller has not signed in as one.
func (s *Service) Agent(ctx context.Context, id string) (conversation.AgentStatus, error) {
	var r agentRecord
	err := s.Table.Get(ctx, keyOfAgent(id), &r)
	if errors.Is(err, table.ErrNotFound) {
		return r.AgentStatus, problem.NotFound("agent_not_found", "Set your name and teams first.")
	}
	return r.AgentStatus, err
}

// SetAgent writes what an agent says of themselves, and keeps the number of their conversations. 1 round trip.
func (s *Service) SetAgent(ctx context.Context, a conversation.AgentStatus) (conversation.AgentStatus, error) {
	if err := a.Validate(); err != nil {
		return a, err
	}
	item, err := s.Table.Update(ctx, table.Update{
		// Everyone owns their own item; the counter is left to the conversations.
		Key: keyOfAgent(a.ID),
		Do: "SET #id = :id, #name = :name, #teams = :teams, #languages = :languages, #limit = :limit, #online = :online, " +
			"#auto = :auto, " +
			// ADD of nothing makes the counter of a new agent, and leaves that of an old one.
			"#seenAt = :now, #gsi1pk = :list, #gsi1sk = :id ADD #active :none",
		With: map[string]any{
			":id": a.ID, ":name": a.Name, ":teams": a.Teams, ":languages": a.Languages, ":limit": a.Limit, ":online": a.Online,
			":auto": a.Auto,
			":now":  s.Clock.Now(), ":list": agentList, ":none": 0,
		},
	})
	if err != nil {
		return a, err
	}
	var r agentRecord
	if err := item.Decode(&r); err != nil {
		return a, err
	}
	// Whoever comes online takes what has waited, without a click.
	if a.Online && a.Auto {
		s.drain(ctx, a)
	}
	return r.AgentStatus, nil
}

// Heartbeat notes a sign of life of an agent. 1 round trip, 1 WCU.
func (s *Service) Heartbeat(ctx context.Context, id string) error {
	_, err := s.Table.Update(ctx, table.Update{
		Key: keyOfAgent(id), Do: "SET #seenAt = :now", If: table.IfExists, // nobody becomes an agent by being alive
		With: map[string]any{":now": s.Clock.Now()},
	})
	// Signed out meanwhile.
	if _, refused := table.Failed(err); refused {
		return nil
	}
	return err
}

// Agents lists the agents. 2 round trips.
func (s *Service) Agents(ctx context.Context) ([]conversation.AgentStatus, error) {
	var keys []table.Key
	err := s.Table.All(ctx, table.Query{Index: table.ByOne, Where: "#gsi1pk = :list",
		With: map[string]any{":list": agentList}},
		func(item table.Item) error {
			keys = append(keys, item.Key())
			return nil
		})
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	found, err := s.Table.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, err
	}
	var agents []conversation.AgentStatus
	for _, key := range keys {
		var r agentRecord
		// Deleted since the index was read.
		if item, ok := found[key]; ok {
			if err := item.Decode(&r); err != nil {
				return nil, err
			}
			agents = append(agents, r.AgentStatus)
		}
	}
	return agents, nil
}

// agentPresent reports whether the agent who has the conversation is there.
func (s *Service) agentPresent(ctx context.Context, c conversation.Conversation) (bool, error) {
	// Nobody has it, so nobody is there.
	if c.Holder() == "" {
		return false, nil
	}
	a, err := s.Agent(ctx, c.Holder())
	if p, ok := errors.AsType[*problem.Problem](err); ok && p.Status == 404 {
		return false, nil
	}
	return a.Present(s.Clock.Now()), err
}

// drain gives waiting conversations to an agent who came online, oldest and most urgent first.
func (s *Service) drain(ctx context.Context, a conversation.AgentStatus) {
	for _, team := range a.Teams {
		cards, _, err := s.Inbox(ctx, team, conversation.Queued, 10, "")
		if err != nil {
			s.Log.WarnContext(ctx, "drain", "error", err)
			return
		}
		// The limit is looked at before each, because every claim changes the counter.
		for _, card := range cards {
			fresh, err := s.Agent(ctx, a.ID)
			if err != nil || fresh.Active >= fresh.Limit {
				return
			}
			// Somebody else was faster, or the agent is full: the next one may still fit.
			if _, err := s.claim(ctx, fresh, card.ID); err != nil {
				s.Log.InfoContext(ctx, "drain", "conversation", card.ID, "error", err)
			}
		}
	}
}

// teamAge is how old a team's hours may be in memory.
const teamAge = 5 * time.Second

// teamCache keeps teams in memory for a few seconds: each message asks for the team's hours.
type teamCache struct {
	mu    sync.Mutex
	teams map[string]cachedTeam
}

// cachedTeam is a team with the time of its reading.
type cachedTeam struct {
	team conversation.Team
	at   time.Time
}

// Team reads a team, the first one when id is empty and the default one when there is none. It may be 5 seconds old.
func (s *Service) Team(ctx context.Context, id string) (conversation.Team, error) {
	if id == "" {
		id = conversation.DefaultTeam().ID
	}
	now := s.Clock.Now()
	s.cache.mu.Lock()
	known, ok := s.cache.teams[id]
	s.cache.mu.Unlock()
	// A clock that a test has moved back counts as old.
	if ok && now.Sub(known.at) < teamAge && !now.Before(known.at) {
		return known.team, nil
	}
	// Without the lock, so that a slow read holds nobody up; two may read the same team.
	team, err := s.FreshTeam(ctx, id)
	if err != nil {
		return team, err
	}
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	if s.cache.teams == nil {
		s.cache.teams = map[string]cachedTeam{}
	}
	s.cache.teams[id] = cachedTeam{team, now}
	return team, nil
}

// teamRecord is a team as stored.
type teamRecord struct {
	table.Key
	conversation.Team
	ListPK string            `dynamodbav:"gsi1pk"`
	ListSK string            `dynamodbav:"gsi1sk"`
	Card   conversation.Team `dynamodbav:"card"`
}

// FreshTeam reads a team, strongly consistent. Errors: team_not_found.
func (s *Service) FreshTeam(ctx context.Context, id string) (conversation.Team, error) {
	var r teamRecord
	err := s.Table.Get(ctx, keyOfTeam(id), &r)
	if errors.Is(err, table.ErrNotFound) {
		// A shop without a team has one all the same.
		if fallback := conversation.DefaultTeam(); id == fallback.ID {
			return fallback, nil
		}
		return r.Team, problem.NotFound("team_not_found", "There is no such team.")
	}
	return r.Team, err
}

// PutTeam stores a team that is still at the version given. Errors: 412 version_mismatch.
func (s *Service) PutTeam(ctx context.Context, team conversation.Team) (conversation.Team, error) {
	if err := team.Validate(); err != nil {
		return team, err
	}
	seen := team.Version
	team.Version++
	put := table.Put{If: table.IfNew,
		Item: teamRecord{Key: keyOfTeam(team.ID), Team: team, ListPK: teamList, ListSK: team.ID, Card: team}}
	if seen > 0 {
		put.If, put.With = "#version = :seen", map[string]any{":seen": seen} // nobody else changed it meanwhile
	}
	err := s.Table.Put(ctx, put)
	if _, refused := table.Failed(err); refused {
		return team, problem.Precondition("version_mismatch", "The team was changed by someone else; read it again.")
	}
	// The process that made the change sees it at once; others within seconds.
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	delete(s.cache.teams, team.ID)
	return team, err
}

// Teams lists the teams. The default one is there also where only others were made: conversations begin with it.
func (s *Service) Teams(ctx context.Context) ([]conversation.Team, error) {
	var teams []conversation.Team
	err := s.Table.All(ctx, table.Query{Index: table.ByOne, Where: "#gsi1pk = :list",
		With: map[string]any{":list": teamList}},
		func(item table.Item) error {
			var r struct {
				Card conversation.Team `dynamodbav:"card"`
			}
			if err := item.Decode(&r); err != nil {
				return err
			}
			teams = append(teams, r.Card)
			return nil
		})
	usual := conversation.DefaultTeam()
	if err == nil && !slices.ContainsFunc(teams, func(t conversation.Team) bool { return t.ID == usual.ID }) {
		teams = slices.Insert(teams, 0, usual)
	}
	return teams, err
}

// Inbox lists the open conversations of a team, of one state when state is not empty: the most urgent first, then those
// that wait longest. 1 round trip.
func (s *Service) Inbox(ctx context.Context, team string, state conversation.State, limit int,
	after string) ([]conversation.ConversationSummary, string, error) {
	q := table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :list", With: map[string]any{":list": inboxList + team}, Limit: limit,
		After: table.Cursor(after),
	}
	if state != "" {
		// The sort key begins with the state.
		q.Where, q.With[":state"] = "#gsi1pk = :list AND begins_with(#gsi1sk, :state)", string(state)+"#"
	}
	return s.cards(ctx, q)
}

// cards reads the summaries of an index. 1 round trip.
func (s *Service) cards(ctx context.Context, q table.Query) ([]conversation.ConversationSummary, string, error) {
	page, err := s.Table.Query(ctx, q)
	if err != nil {
		return nil, "", err
	}
	cards := make([]conversation.ConversationSummary, 0, len(page.Items))
	for _, item := range page.Items {
		var r struct {
			Card conversation.ConversationSummary `dynamodbav:"card"`
		}
		if err := item.Decode(&r); err != nil {
			return nil, "", err
		}
		cards = append(cards, r.Card)
	}
	return cards, string(page.Next), nil
}

// Between lists the conversations that began at from or later and before until, to the second, the oldest first. 1
// round trip a month (UTC), and 1 more for each megabyte of cards, some 2,000 conversations.
func (s *Service) Between(ctx context.Context, from, until time.Time,
	each func(conversation.ConversationSummary)) error {
	to := until.Add(-time.Second) // the last second
	first, last := from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339)
	month := time.Date(from.UTC().Year(), from.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	for ; !month.After(to); month = month.AddDate(0, 1, 0) {
		err := s.Table.All(ctx, table.Query{
			Index: table.ByTwo, Where: "#gsi2pk = :month AND #gsi2sk BETWEEN :from AND :to",
			// A tilde sorts behind everything that follows the second in the key.
			With: map[string]any{":month": monthList + month.Format(monthForm), ":from": first, ":to": last + "~"},
		}, func(item table.Item) error {
			var r struct {
				Card conversation.ConversationSummary `dynamodbav:"card"`
			}
			if err := item.Decode(&r); err != nil {
				return err
			}
			each(r.Card)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

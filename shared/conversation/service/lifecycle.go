package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/platform/problem"
)

// Claim gives a queued conversation to the calling agent; of several who claim at once one gets it. Claimed again by
// the agent who has it, it is answered as it is, and nothing is written. Errors: already_claimed, agent_absent,
// agent_full, wrong_team.
func (s *Service) Claim(ctx context.Context, who Participant, conversationID string) (conversation.Conversation,
	error) {
	a, err := s.Agent(ctx, who.ID)
	if err != nil {
		return conversation.Conversation{}, err
	}
	return s.claim(ctx, a, conversationID)
}

// claim is Claim for an agent who was read already.
func (s *Service) claim(ctx context.Context, a conversation.AgentStatus,
	conversationID string) (conversation.Conversation, error) {
	c, err := s.move(ctx, conversationID, a.Name,
		func(c conversation.Conversation, team conversation.Team, now time.Time) (conversation.Change, error) {
			change, err := c.Claim(a, team, now)
			// Every claim that changes something has a notice.
			if err == nil && len(change.Notices) == 0 {
				err = errUnchanged
			}
			return change, err
		})
	if errors.Is(err, errUnchanged) {
		return c, nil
	}
	return c, err
}

// move applies a change that adds notices only, and tells who listens.
func (s *Service) move(
	ctx context.Context, conversationID, name string,
	do func(conversation.Conversation, conversation.Team, time.Time) (conversation.Change, error),
) (conversation.Conversation, error) {
	done, err := s.change(ctx, conversationID, func(c conversation.Conversation) (outcome, error) {
		team, err := s.Team(ctx, c.Team)
		if err != nil {
			return outcome{}, err
		}
		change, err := do(c, team, s.Clock.Now())
		if err != nil {
			return outcome{}, err
		}
		// A time in a notice is on the wall clock of the team that has the conversation now.
		if change.Conversation.Team != team.ID {
			if team, err = s.Team(ctx, change.Conversation.Team); err != nil {
				return outcome{}, err
			}
		}
		return outcome{after: change.Conversation, drafts: notices(change, team, name)}, nil
	})
	if err != nil {
		return done.c, err
	}
	// After the write: listeners ask the log when they hear of it.
	s.tell(ctx, done.c, done.added, "")
	return s.assigned(ctx, done).c, nil
}

// Transfer gives the caller's conversation to the queue of a team.
func (s *Service) Transfer(ctx context.Context, who Participant, conversationID,
	teamID string) (conversation.Conversation,
	error) {
	to, err := s.Team(ctx, teamID)
	if err != nil {
		return conversation.Conversation{}, err
	}
	return s.move(ctx, conversationID, "",
		func(c conversation.Conversation, _ conversation.Team, now time.Time) (conversation.Change, error) {
			return c.Transfer(who.ID, to, now)
		})
}

// GiveBack returns the caller's conversation to the bot.
func (s *Service) GiveBack(ctx context.Context, who Participant, conversationID string) (conversation.Conversation,
	error) {
	return s.move(ctx, conversationID, "",
		func(c conversation.Conversation, team conversation.Team, now time.Time) (conversation.Change, error) {
			return c.GiveBack(who.ID, team, now)
		})
}

// Snooze puts the caller's conversation aside.
func (s *Service) Snooze(ctx context.Context, who Participant, conversationID string,
	until time.Time) (conversation.Conversation, error) {
	return s.move(ctx, conversationID, "",
		func(c conversation.Conversation, team conversation.Team, now time.Time) (conversation.Change, error) {
			return c.Snooze(who.ID, until, team, now)
		})
}

// Close ends a conversation.
func (s *Service) Close(ctx context.Context, who Participant, conversationID string) (conversation.Conversation,
	error) {
	return s.move(ctx, conversationID, "",
		func(c conversation.Conversation, team conversation.Team, now time.Time) (conversation.Change, error) {
			if !mayRead(c, who) {
				return conversation.Change{}, NotFound()
			}
			return c.Close(who.Role, who.ID, team, now)
		})
}

// Block ends a conversation because of abuse.
func (s *Service) Block(ctx context.Context, conversationID string) (conversation.Conversation, error) {
	return s.move(ctx, conversationID, "",
		func(c conversation.Conversation, team conversation.Team, now time.Time) (conversation.Change, error) {
			return c.Block(team, now), nil
		})
}

// Tag replaces a conversation's tags.
func (s *Service) Tag(ctx context.Context, conversationID string, tags []string) (conversation.Conversation, error) {
	return s.move(ctx, conversationID, "",
		func(c conversation.Conversation, _ conversation.Team, _ time.Time) (conversation.Change, error) {
			return c.Tag(tags), conversation.CheckTags(tags)
		})
}

// Rate notes the shopper's satisfaction. Errors: not_closed.
func (s *Service) Rate(ctx context.Context, who Participant, conversationID string, score int,
	note string) (conversation.Conversation, error) {
	// People write phone numbers into notes, too.
	note, _ = conversation.Mask(conversation.Clean(note))
	return s.move(ctx, conversationID, "",
		func(c conversation.Conversation, _ conversation.Team, now time.Time) (conversation.Change, error) {
			if who.Role != conversation.Shopper || !mayRead(c, who) {
				return conversation.Change{}, NotFound() // agents do not rate themselves
			}
			return c.Rate(score, note, now)
		})
}

// assigned is assign after a change that is stored: it is not refused because nobody could be looked for, and its
// repetition would be. The conversation waits in the queue: its timer is running, and an agent who comes online is
// given it.
func (s *Service) assigned(ctx context.Context, done result) result {
	after, err := s.assign(ctx, done)
	if err != nil {
		s.Log.WarnContext(ctx, "assign", "conversation", done.c.ID, "error", err)
	}
	return after
}

// assign gives a queued conversation to the agent who fits best, if anybody is there. An agent who fills up or leaves
// at the same moment is passed over.
func (s *Service) assign(ctx context.Context, done result) (result, error) {
	if done.c.State != conversation.Queued {
		return done, nil
	}
	agents, err := s.Agents(ctx)
	if err != nil {
		return done, err
	}
	// Those who choose for themselves are not given anything.
	agents = slices.DeleteFunc(agents, func(a conversation.AgentStatus) bool { return !a.Auto })
	for len(agents) > 0 {
		a, ok := conversation.Pick(agents, done.c, s.Clock.Now())
		if !ok {
			return done, nil
		}
		c, err := s.claim(ctx, a, done.c.ID)
		if err == nil {
			done.c = c
			return done, nil
		}
		// A failure of the database is not the agent's fault, and the next one would meet it too.
		if p := problem.From(err); p.Status >= 500 {
			return done, err
		}
		agents = slices.DeleteFunc(agents, func(other conversation.AgentStatus) bool { return other.ID == a.ID })
	}
	return done, nil
}

// errUnchanged ends a step that has nothing to write.
var errUnchanged = errors.New("nothing to change")

// Ring carries out a conversation's timer. It returns what was done; what rings too early does nothing. Escalations are
// counted as metrics, which an alarm watches.
func (s *Service) Ring(ctx context.Context, conversationID string) (conversation.Ring, error) {
	var ring conversation.Ring
	done, err := s.change(ctx, conversationID, func(c conversation.Conversation) (outcome, error) {
		team, err := s.Team(ctx, c.Team)
		if err != nil {
			return outcome{}, err
		}
		present, err := s.agentPresent(ctx, c)
		if err != nil {
			return outcome{}, err
		}
		var change conversation.Change
		change, ring = c.Rings(present, team, s.Clock.Now())
		// Erasing needs no change of the conversation; what rings too early needs none at all.
		if ring == conversation.RingNothing || ring == conversation.RingErase {
			return outcome{}, errUnchanged
		}
		return outcome{after: change.Conversation, drafts: notices(change, team, "")}, nil
	})
	switch {
	case errors.Is(err, errUnchanged) && ring == conversation.RingErase:
		return ring, s.Erase(ctx, conversationID)
	case errors.Is(err, errUnchanged):
		return ring, nil
	case err != nil:
		return ring, err
	}
	s.tell(ctx, done.c, done.added, "")
	// Somebody has waited too long.
	if ring == conversation.RingEscalate || ring == conversation.RingRequeue {
		s.signal(metricEscalated)
	}
	s.assigned(ctx, done)
	return ring, nil
}

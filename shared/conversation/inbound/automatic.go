package inbound

import (
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// automatic says by which header it is known that a machine sent the mail: an answer to one could begin a loop. Empty
// when a person did.
func automatic(read *enmime.Envelope) string {
	value := func(name string) string { return strings.ToLower(strings.TrimSpace(read.GetHeader(name))) }
	// RFC 3834: whatever is not "no" was sent by a machine, also with a comment or a parameter behind it.
	if kind, _, _ := strings.Cut(value("Auto-Submitted"), ";"); kind != "" && strings.TrimSpace(kind) != "no" {
		return "Auto-Submitted"
	}
	// Older programs say it in a way that no standard has.
	switch value("Precedence") {
	case "bulk", "junk", "list", "auto_reply":
		return "Precedence"
	}
	for _, name := range []string{"X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id",
		"List-Unsubscribe", "X-Failed-Recipients", "Feedback-ID"} {
		if value(name) != "" {
			return name
		}
	}
	// A bounce has no sender that could be answered (RFC 5321 4.5.5).
	if value("Return-Path") == "<>" {
		return "Return-Path"
	}
	local, _, _ := strings.Cut(strings.ToLower(sender(read)), "@")
	switch local {
	case "mailer-daemon", "postmaster", "no-reply", "noreply", "donotreply", "do-not-reply":
		return "From"
	}
	// A report about delivery or reading, whatever its headers say (RFC 6522).
	if strings.HasPrefix(value("Content-Type"), "multipart/report") {
		return "Content-Type"
	}
	return ""
}

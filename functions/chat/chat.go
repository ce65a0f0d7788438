// Package chat is the function for conversations, for shoppers and for the shop's agents: over a WebSocket, which
// brings news at once, and over HTTP, which has the log. Both go through the same rules (see shared/conversation).
//
// It owns the items CHAT#, CONN#, TICKET#, AGENT# and CANNED of the table Care (see shared/conversation/service) and
// reads the teams and the published FAQ; of a customer's call-back requests (shared/callback/store) it exports and
// erases all. In the table Commerce it reads a customer's orders for the bot and the agents. It publishes
// conversation.mail_requested, from which the mailer makes mails.
//
// Triggers: HTTP API (routes below); WebSocket API ($connect, $disconnect, $default, and the authorizer of $connect,
// which takes a one-use ticket); the due kinds conversation, whose jobs ring the timers of conversations, and
// conversation_mail, whose jobs mail what a shopper has not read.
//
// Routes: POST /chat/conversations, GET on them and on their messages, PUT contact, POST contact/prove, messages, read,
// close, rating, attachments and transcript; POST /chat/tickets; for agents GET /chat/inbox, POST claim, transfer,
// give-back, snooze, notes and block, PUT tags, GET context; PUT /chat/agents/me, GET /chat/agents; GET, PUT and DELETE
// /chat/canned; GET and DELETE /chat/customers/{customerId}.
package chat

import (
	calls "dangol/shared/callback/store"
	"dangol/shared/conversation/service"
	"dangol/shared/platform/api"
	"dangol/shared/platform/ratelimit"
)

// Chat is the function with what it needs.
type Chat struct {
	*service.Service
	Limiter ratelimit.Limiter
	Panel   SidePanel
	Calls   calls.Store // for a customer's export and erasure
	// SocketURL is where clients connect.
	SocketURL string
}

// API describes the function's routes; it cannot serve them.
func API() *api.Service { return (*Chat)(nil).HTTP(api.Options{}) }

// HTTP is the function's HTTP side.
func (f *Chat) HTTP(o api.Options) *api.Service {
	s := api.New("chat", o)
	f.shopperRoutes(s)
	f.agentRoutes(s)
	return s
}

const one = "/chat/conversations/{conversationId}"

// route has what all routes of the function have in common.
func route(access api.Access, method, path, id, summary string, errors ...int) api.Route {
	return api.Route{Method: method, Path: path, ID: id, Summary: summary, Tag: "Chat", Access: access,
		Errors: append([]int{422}, errors...)}
}

// shopperRoutes registers what shoppers do; agents may use the same routes.
func (f *Chat) shopperRoutes(s *api.Service) {
	start := route(api.Shopper, "POST", "/chat/conversations", "startConversation", "Begin a conversation", 429)
	start.Status, start.Description, start.Keyed = 201, startText, api.KeyOptional
	api.Handle(s, start, f.start)
	api.Handle(s, route(api.Customer, "GET", "/chat/conversations", "listMyConversations",
		"List one's own conversations, newest first"), f.mine)
	api.Handle(s, route(api.Shopper, "GET", one, "getConversation", "Read a conversation's state", 404), f.get)
	replay := route(api.Shopper, "GET", one+"/messages", "listMessages", "Read the log after a number", 404)
	replay.Description = replayText
	api.Handle(s, replay, f.messages)
	send := route(api.Shopper, "POST", one+"/messages", "sendMessage", "Send a message", 403, 404, 409, 429, 503)
	send.Description = sendText
	api.Handle(s, send, f.send)
	read := route(api.Shopper, "POST", one+"/read", "markRead", "Note how far one has read", 404)
	api.Handle(s, read, f.read)
	f.mailRoutes(s)
	api.Handle(s, route(api.Shopper, "POST", one+"/close", "closeConversation", "End a conversation", 404, 409, 503),
		f.close)
	api.Handle(s, route(api.Shopper, "POST", one+"/rating", "rateConversation", "Rate a conversation after its end", 404,
		409, 503), f.rate)
	upload := route(api.Shopper, "POST", one+"/attachments", "prepareAttachment", "Get an address to upload a file to",
		403, 404, 409)
	upload.Status, upload.Description = 201, uploadText
	api.Handle(s, upload, f.upload)
	ticket := route(api.Shopper, "POST", "/chat/tickets", "createSocketTicket", "Get a ticket for the WebSocket", 404, 429)
	ticket.Status, ticket.Description = 201, ticketText
	api.Handle(s, ticket, f.ticket)
}

// agentRoutes registers what only the shop's people do.
func (f *Chat) agentRoutes(s *api.Service) {
	agent := func(method, path, id, summary string, errors ...int) api.Route {
		return route(api.Agent, method, path, id, summary, errors...)
	}
	api.Handle(s, agent("GET", "/chat/inbox", "listInbox", "List the open conversations of a team, the most urgent first"),
		f.inbox)
	claim := agent("POST", one+"/claim", "claimConversation", "Take a conversation from the queue", 403, 404, 409, 503)
	claim.Description = claimText
	api.Handle(s, claim, f.claim)
	api.Handle(s, agent("POST", one+"/transfer", "transferConversation", "Give a conversation to a team's queue", 404, 409,
		503), f.transfer)
	api.Handle(s, agent("POST", one+"/give-back", "giveBackConversation", "Give a conversation back to the bot", 404, 409,
		503), f.giveBack)
	api.Handle(s, agent("POST", one+"/snooze", "snoozeConversation", "Put a conversation aside until a time", 404, 409,
		503), f.snooze)
	note := agent("POST", one+"/notes", "addConversationNote", "Add a note that shoppers do not see", 404, 503)
	note.Status = 201
	api.Handle(s, note, f.note)
	api.Handle(s, agent("PUT", one+"/tags", "tagConversation", "Replace the tags of a conversation", 404, 503), f.tag)
	api.Handle(s, agent("POST", one+"/block", "blockConversation", "End a conversation because of abuse", 404, 503),
		f.block)
	api.Handle(s, agent("GET", one+"/context", "getConversationContext",
		"Read what an agent should know about the shopper", 404), f.about)
	api.Handle(s, agent("GET", "/chat/agents/me", "getAgent", "Read one's own state as an agent", 404), f.me)
	me := agent("PUT", "/chat/agents/me", "setAgent", "Say who one is and whether one takes conversations")
	me.Description = agentText
	api.Handle(s, me, f.setMe)
	api.Handle(s, agent("GET", "/chat/agents", "listAgents", "List the agents with their load"), f.agents)
	api.Handle(s, agent("GET", "/chat/canned", "listCannedAnswers", "List the canned answers"), f.canned)
	api.Handle(s, agent("PUT", "/chat/canned/{cannedId}", "setCannedAnswer", "Write a canned answer"), f.setCanned)
	api.Handle(s, agent("DELETE", "/chat/canned/{cannedId}", "removeCannedAnswer", "Remove a canned answer"),
		f.removeCanned)
	export := route(api.MerchantIs, "GET", "/chat/customers/{customerId}", "exportConversations",
		"Export all that is kept of a customer's conversations and call-backs")
	api.Handle(s, export, f.export)
	erase := route(api.MerchantIs, "DELETE", "/chat/customers/{customerId}", "eraseConversations",
		"Erase a customer's conversations and call-backs", 503)
	api.Handle(s, erase, f.erase)
}

const (
	startText = "The bot greets, and answers when there is a text. A guest gets a token, which is shown this once: " +
		"send it as Chat-Token from then on. With an Idempotency-Key, of 16 characters or more for a guest, a repetition " +
		"gets the conversation of the first request, as it is, and the same token."
	replayText = "Exactly what has a higher sequence number than `since`, in order. A message that the caller may " +
		"not see is there with `hidden`, so that the numbers have no gap. `more` says to ask again."
	sendText = "`clientId` is your own id for the message: sending it again adds nothing and answers with the " +
		"stored message. The answer has the message with its number, and what followed it at once."
	uploadText = "Put the file to `url` within 5 minutes with the same Content-Type, then send a message with the " +
		"attachment."
	ticketText = "Connect to `url` within a minute; the ticket is good once. Agents and customers get one for " +
		"themselves, a guest for the conversation whose Chat-Token is sent. docs/chat.md has the frames."
	claimText = "Of several who claim at once one gets it; the others get 409 already_claimed. Claimed again by the " +
		"agent who has it, it is answered as it is."
	agentText = "Who is online is given conversations as long as a sign of life came within 3 minutes: a `ping` on the " +
		"WebSocket."
)

package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"dangol/infra/topology"
	"dangol/shared/platform/function"
)

// architecture draws the system and lists its functions.
func architecture(s topology.System) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Architecture\n\nMade from `infra/topology` by `make generate`. What is drawn here is what `cdk " +
		"deploy` deploys and what `make run` runs.\n\n")
	b.WriteString("```mermaid\n")
	picture(&b, s)
	b.WriteString("```\n\n")
	b.WriteString("- **A change and its event are one write.** An entity keeps its latest event in the attribute " +
		"`event`; the relay publishes it from the table's stream.\n")
	b.WriteString("- **Delivery is at least once.** Consumers remember the event id in the same write as their effect.\n")
	b.WriteString("- **What must happen later is in the `due` index.** The sweeper finds it, claims it and queues it; " +
		"cost follows what is due.\n")
	b.WriteString("- **Time comes from one clock.** On a laptop it can be moved, and everything due happens in order.\n\n")
	b.WriteString("## Functions\n\n| function | what it does | called by | tables | memory, timeout " +
		"|\n|---|---|---|---|---|\n")
	for _, f := range s.Functions {
		fmt.Fprintf(&b, "| [%s](../functions/%s) | %s | %s | %s | %d MB, %s |\n", f.Name, f.Name, f.Purpose, calledBy(f),
			tablesOf(f), f.Memory, f.Timeout)
	}
	b.WriteString("\n## Routes\n\n| route | operation | who may call |\n|---|---|---|\n")
	for _, f := range s.Functions {
		if f.API == nil {
			continue
		}
		for _, r := range f.API.Routes() {
			fmt.Fprintf(&b, "| `%s %s` | %s | %s |\n", r.Method, r.Path, r.ID, r.Access)
		}
	}
	b.WriteString("\n## Tables\n\n| table | why it is a table of its own | stream | indexes |\n|---|---|---|---|\n")
	for _, t := range s.Tables {
		names := make([]string, len(t.Indexes))
		for i, index := range t.Indexes {
			names[i] = "`" + index.Name + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", t.Name, t.Purpose, yesNo(t.Stream), strings.Join(names, ", "))
	}
	return b.Bytes(), nil
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// calledBy lists what invokes the function.
func calledBy(f topology.Function) string {
	var by []string
	if f.API != nil {
		by = append(by, fmt.Sprintf("%d routes", len(f.API.Routes())))
	}
	if f.Stream != nil {
		changes := "changes of " + strings.Join(f.Stream.Tables, " and ")
		if len(f.Stream.Types) > 0 {
			changes += " with the events " + strings.Join(f.Stream.Types, ", ")
		}
		for _, c := range f.Stream.Counters {
			changes += fmt.Sprintf(", and of %s<…>/%s<…> while `%s` is at most %d", c.Key, c.Sort, c.Attribute, c.Limit)
		}
		by = append(by, changes)
	}
	if f.Schedule != nil {
		// Durations print as 1m0s; the zero seconds say nothing.
		by = append(by, "every "+strings.TrimSuffix(f.Schedule.Rate.String(), "0s"))
	}
	if len(f.Jobs) > 0 {
		by = append(by, "jobs "+strings.Join(f.Jobs.Names(), ", "))
	}
	if len(f.Events) > 0 {
		by = append(by, "events "+strings.Join(f.Events, ", "))
	}
	if f.AccountMessages {
		by = append(by, "Cognito, for the words of mails about accounts")
	}
	return strings.Join(by, "; ")
}

// tablesOf lists what the function does with which table.
func tablesOf(f topology.Function) string {
	var all []string
	for _, g := range f.Tables {
		all = append(all, g.Table+": "+strings.Join(append(append([]string{}, g.Actions...), indexed(g.Indexes)...), ", "))
	}
	return strings.Join(all, "; ")
}

// indexed shows the use of an index as an action.
func indexed(names []string) []string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = "Query on " + n
	}
	return all
}

// picture writes the diagram in Mermaid, which GitHub draws. Names
// of nodes have prefixes, because functions and queues share names.
func picture(b *bytes.Buffer, s topology.System) {
	b.WriteString("flowchart LR\n  shopper([storefront]) --> api[HTTP API]\n  bus{{event bus}}\n")
	for _, t := range s.Tables {
		fmt.Fprintf(b, "  %s[(%s)]\n", t.Name, t.Name)
	}
	for _, q := range s.Queues {
		fmt.Fprintf(b, "  q_%s[/queue %s/]\n", q.Name, q.Name)
	}
	for _, f := range s.Functions {
		fmt.Fprintf(b, "  f_%s(%s)\n", f.Name, f.Name)
		if f.API != nil {
			fmt.Fprintf(b, "  api --> f_%s\n", f.Name)
		}
		for _, g := range f.Tables {
			fmt.Fprintf(b, "  f_%s --- %s\n", f.Name, g.Table)
		}
		if f.Stream != nil {
			for _, name := range f.Stream.Tables {
				fmt.Fprintf(b, "  %s -- stream --> f_%s\n", name, f.Name)
			}
			if slices.Contains(f.Permissions, function.PutEvents) {
				fmt.Fprintf(b, "  f_%s --> bus\n", f.Name)
			}
		}
		if f.Schedule != nil {
			rate := strings.TrimSuffix(f.Schedule.Rate.String(), "0s")
			fmt.Fprintf(b, "  every_%s([every %s]) --> f_%s\n", rate, rate, f.Name)
		}
		// The sweeper sends to all queues of due kinds.
		if slices.Contains(f.Permissions, function.SendDue) {
			for _, k := range queuesOf(s) {
				fmt.Fprintf(b, "  f_%s --> q_%s\n", f.Name, k)
			}
		}
		if len(f.Jobs) > 0 {
			fmt.Fprintf(b, "  q_%s --> f_%s\n", f.Name, f.Name)
		}
		if len(f.Events) > 0 {
			fmt.Fprintf(b, "  bus --> f_%s\n", f.Name)
		}
		if f.AccountMessages {
			fmt.Fprintf(b, "  cognito([Cognito]) --> f_%s\n", f.Name)
		}
		// Only permissions that reach an outside service are drawn.
		for _, p := range f.Permissions {
			switch p {
			case function.SendMail:
				fmt.Fprintf(b, "  f_%s --> mail([SES])\n", f.Name)
			case function.ReadPayments:
				fmt.Fprintf(b, "  f_%s --> pay([payment provider])\n", f.Name)
			}
		}
	}
}

// queuesOf lists the names of the queues.
func queuesOf(s topology.System) []string {
	var all []string
	for _, q := range s.Queues {
		all = append(all, q.Name)
	}
	return all
}

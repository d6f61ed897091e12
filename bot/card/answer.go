package card

import "junban/deploy"

// Answer tells a bot that asked, and whoever reads its thread, what has become of what it asked for.
func (w Voice) Answer(o deploy.Operation) Message {
	m := Message{Text: w.titled(o), Blocks: []Block{{Text: T(w.titled(o))}}}
	if o.State.Finished() && o.Cause.Code != "" {
		m.Blocks = append(m.Blocks, Block{Text: w.Because(o.Cause, o.Plan.Preview.Name)})
	}
	return m
}

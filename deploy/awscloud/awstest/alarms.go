package awstest

import (
	"maps"
	"net/http"
	"slices"

	"github.com/aws/smithy-go/encoding/cbor"
)

type alarm struct {
	state     string
	composite bool
}

// SetAlarm adds an alarm or changes its state.
func (a *Account) SetAlarm(name, state string, composite bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.alarms[name] = alarm{state, composite}
}

// serveAlarms answers DescribeAlarms in the protocol that the SDK speaks with CloudWatch, Smithy RPC v2 over CBOR. As AWS
// does, it leaves unknown names out, and composite alarms unless they are asked for.
func (a *Account) serveAlarms(w http.ResponseWriter, body []byte) {
	v, err := cbor.Decode(body)
	in, ok := v.(cbor.Map)
	if err != nil || !ok {
		refuseCBOR(w, http.StatusBadRequest, "SerializationException", "no map")
		return
	}
	asked := 0
	if n, ok := in["MaxRecords"].(cbor.Uint); ok {
		asked = int(n)
	}
	from, _ := in["NextToken"].(cbor.String)
	names, kinds := texts(in["AlarmNames"]), texts(in["AlarmTypes"])
	a.mu.Lock()
	defer a.mu.Unlock()
	var found []string
	for _, name := range slices.Sorted(maps.Keys(a.alarms)) {
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		if a.alarms[name].composite && !slices.Contains(kinds, "CompositeAlarm") {
			continue
		}
		found = append(found, name)
	}
	some, next := page(found, string(from), a.size(asked))
	metric, composite := cbor.List{}, cbor.List{}
	for _, name := range some {
		line := cbor.Map{"AlarmName": cbor.String(name), "StateValue": cbor.String(a.alarms[name].state)}
		if a.alarms[name].composite {
			composite = append(composite, line)
		} else {
			metric = append(metric, line)
		}
	}
	out := cbor.Map{"MetricAlarms": metric, "CompositeAlarms": composite}
	if next != "" {
		out["NextToken"] = cbor.String(next)
	}
	writeCBOR(w, http.StatusOK, out)
}

func texts(v cbor.Value) []string {
	var out []string
	list, _ := v.(cbor.List)
	for _, x := range list {
		s, _ := x.(cbor.String)
		out = append(out, string(s))
	}
	return out
}

func writeCBOR(w http.ResponseWriter, status int, v cbor.Map) {
	w.Header().Set("Content-Type", "application/cbor")
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.WriteHeader(status)
	_, _ = w.Write(cbor.Encode(v))
}

func refuseCBOR(w http.ResponseWriter, status int, code, message string) {
	writeCBOR(w, status, cbor.Map{"__type": cbor.String(code), "message": cbor.String(message)})
}

package doctor

import (
	"regexp"
	"strings"
)

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=,@+-]+$`)

// aws is one AWS CLI line, with each word quoted for a POSIX shell where it needs to be.
func (x *exam) aws(words ...string) string {
	out := []string{"aws"}
	for _, w := range words {
		if !plainWord.MatchString(w) {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		out = append(out, w)
	}
	if x.Region != "" {
		out = append(out, "--region", x.Region)
	}
	return strings.Join(out, " ")
}

// attribute sets attributes of a target group, given as Key=k,Value=v.
func (x *exam) attribute(g Group, attributes ...string) string {
	return x.aws(append([]string{"elbv2", "modify-target-group-attributes", "--target-group-arn", g.ARN, "--attributes"}, attributes...)...)
}

// subnets replaces the subnets of a load balancer. It needs two zones at least; with fewer there is no line.
func (x *exam) subnets(b Balancer, zones []Zone) string {
	if len(zones) < 2 {
		return ""
	}
	words := []string{"elbv2", "set-subnets", "--load-balancer-arn", b.ARN, "--subnets"}
	for _, z := range zones {
		if z.Subnet == "" {
			return ""
		}
		words = append(words, z.Subnet)
	}
	return x.aws(words...)
}

// lines are several lines, one for each thing to mend.
func lines(all []string) string { return strings.Join(all, "\n") }

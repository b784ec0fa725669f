#include "hart/route.h"

/* The guest sees its interrupts under the supervisor's numbers. norm:hideleg_trans */
static unsigned guest_code(bool interrupt, unsigned cause)
{
	bool vs_level = cause == IRQ_VSSI || cause == IRQ_VSTI || cause == IRQ_VSEI;
	return interrupt && vs_level ? cause - 1 : cause;
}

/* norm:H_trap_deleg */
static void follow_delegation(const struct csr_file *csr, struct trap_route *route)
{
	route->delegated = (route->interrupt ? csr->mideleg : csr->medeleg) >> route->cause & 1;
	route->delegated_again = (route->interrupt ? csr->hideleg : csr->hedeleg) >> route->cause & 1;
	if (route->from == MODE_M || !route->delegated)
		route->meant = MODE_M;
	else
		route->meant = mode_virt(route->from) && route->delegated_again ? MODE_VS : MODE_HS;
}

/* norm:trap_unexp_mdt_1 norm:trap_unexp_mnstatus_nmie_0 */
static bool unexpected_in_m(const struct hart *hart)
{
	const struct csr_file *csr = &hart->csr;
	bool in_rnmi_handler = hart->mode == MODE_M && !(csr->mnstatus & mnstatus_NMIE);
	return csr->mstatus & mstatus_MDT || (in_rnmi_handler && isa_has(&hart->isa, EXT_Smdbltrp));
}

struct trap_route trap_route(const struct hart *hart, const struct trap *trap)
{
	const struct csr_file *csr = &hart->csr;
	struct trap_route route = {
	    .from = hart->mode,
	    .to = MODE_M,
	    .interrupt = trap->interrupt,
	    .cause = trap->cause,
	    .code = trap->cause,
	    .way = WAY_RNMI,
	};
	if (trap->rnmi)
		return route;
	follow_delegation(csr, &route);
	/* norm:sstatus_sdt_trap norm:vsstatus_sdt_op */
	route.twice = (route.meant == MODE_HS && csr->mstatus & mstatus_SDT) ||
	              (route.meant == MODE_VS && csr->vsstatus & vsstatus_SDT);
	route.to = route.twice ? MODE_M : route.meant;
	route.way = WAY_VECTOR;
	if (route.to == MODE_M && unexpected_in_m(hart)) /* norm:trap_unexp_hndl_rnmi norm:trap_unexp_hndl_no_rnmi */
		route.way = isa_has(&hart->isa, EXT_Smrnmi) && csr->mnstatus & mnstatus_NMIE ? WAY_RNMI_HANDLER
		                                                                             : WAY_STOP;
	if (route.way == WAY_STOP)
		route.to = route.from;
	if (route.to == MODE_VS)
		route.code = (uint8_t)guest_code(route.interrupt, route.cause);
	if (route.twice)
		route.code = CAUSE_DOUBLE_TRAP;
	return route;
}

/* ---- words for people ---- */

static const char *kind_of(const struct trap_route *route) { return route->interrupt ? "interrupt" : "exception"; }

static void explain_delegation(const struct trap_route *route, FILE *out)
{
	char kind = route->interrupt ? 'i' : 'e';
	unsigned cause = route->cause;
	if (route->from == MODE_M)
		fputs("traps in M-mode are never delegated", out);
	else if (!route->delegated)
		fprintf(out, "m%cdeleg[%u]=0", kind, cause);
	else if (!mode_virt(route->from))
		fprintf(out, "m%cdeleg[%u]=1, and V=0, so h%cdeleg does not count", kind, cause, kind);
	else
		fprintf(out, "m%cdeleg[%u]=1, h%cdeleg[%u]=%u", kind, cause, kind, cause, route->delegated_again);
}

void trap_explain(const struct trap_route *route, FILE *out)
{
	fprintf(out, "%s (%s %u) in %s ", cause_name(route->interrupt, route->cause), kind_of(route), route->cause,
	        mode_name(route->from));
	if (route->way == WAY_STOP)
		fputs("stopped the hart: ", out);
	else
		fprintf(out, "went to %s: ", mode_name(route->to));
	if (route->way == WAY_RNMI) {
		fputs("mnstatus.NMIE was 1, and nothing else holds it back", out);
		return;
	}
	explain_delegation(route, out);
	if (route->twice)
		fprintf(out, ", but %s.SDT was 1: a double trap", route->meant == MODE_VS ? "vsstatus" : "sstatus");
	if (route->way == WAY_RNMI_HANDLER)
		fputs(", but mstatus.MDT was 1: to the handler of non-maskable interrupts", out);
	else if (route->way == WAY_STOP)
		fputs(
		    ", but M-mode did not expect a trap (mstatus.MDT or mnstatus.NMIE), and there was no other handler",
		    out);
	else if (route->code != route->cause && !route->twice)
		fprintf(out, ", which reads %s %u", kind_of(route), route->code);
}

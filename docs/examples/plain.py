"""Asks a question with nothing but this process: when it dies, everything is gone."""

import asyncio
import sys

from outlast.job.spec import ResearchJobSpec
from outlast.llm.resolve import ModelBook
from outlast.research.agents import build_agents
from outlast.research.models import Plan
from outlast.research.setup import check_job
from outlast.research.stateless import StatelessHost, run_stateless
from outlast.settings import load_settings
from outlast.sources.registry import Sources


async def approve(plan: Plan) -> Plan:
    """Approve whatever is planned."""
    return plan


async def main(question: str) -> None:
    """Print the answer."""
    settings = load_settings()
    models, sources = ModelBook(settings), Sources(settings)
    agents = build_agents(models=models, sources=sources)
    host = StatelessHost(lambda spec: check_job(spec, settings, models, sources.check), approve)
    result = await run_stateless(ResearchJobSpec(query=question), agents, host)
    print(result.report.answer)


asyncio.run(main(sys.argv[1]))

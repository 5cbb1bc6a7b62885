"""What the HTTP side keeps with its application."""

from aiohttp import web

from simulator.contention import Contention
from simulator.faults import Faults
from simulator.shop import Shop
from simulator.speed import Machine

SHOP = web.AppKey("shop", Shop)
FAULTS = web.AppKey("faults", Faults)
CONTENTION = web.AppKey("contention", Contention)
MACHINE = web.AppKey("machine", Machine)
